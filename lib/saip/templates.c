#include <string.h>

#include "templates.h"

static const struct saip_template_file rows[] = {
    { 1, 1, 0xA2, 0x3F00, SAIP_MF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 1, 1, 0xA3, 0x2F05, SAIP_TRANSPARENT, 2, 0, 1, 0x05, false, 0x0000, "FF*" },
    { 1, 1, 0xA4, 0x2FE2, SAIP_TRANSPARENT, 10, 0, 11, 0x02, true, 0x0000, "" },
    { 1, 1, 0xA5, 0x2F00, SAIP_LINEAR_FIXED, 0, 0, 10, 0x1E, true, 0x0000, "" },
    { 1, 1, 0xA6, 0x2F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x00, true, 0x0000, "" },
    { 1, 1, 0xA7, 0x2F08, SAIP_TRANSPARENT, 5, 0, 10, 0x08, false, 0x0000, "" },
    { 2, 1, 0xA2, 0x7F11, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 2, 1, 0xA3, 0x6F01, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 2, 1, 0xA4, 0x6F40, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 3, 1, 0xA2, 0x7F10, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 3, 1, 0xA3, 0x6F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x00, true, 0x0000, "" },
    { 3, 1, 0xA4, 0x6F53, SAIP_LINEAR_FIXED, 0, 0, 3, 0x00, true, 0x0000, "" },
    { 3, 1, 0xA5, 0x6F54, SAIP_TRANSPARENT, 22, 0, 3, 0x00, true, 0x0000, "" },
    { 3, 1, 0xA6, 0x6FE0, SAIP_LINEAR_FIXED, 1200, 24, 9, 0x00, false, 0x0000, "FF*" },
    { 3, 1, 0xA7, 0x6FE1, SAIP_LINEAR_FIXED, 0, 0, 9, 0x00, false, 0x0000, "FF*" },
    { 3, 1, 0xA8, 0x6FE5, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, true, 0x0000, "" },
    { 3, 1, 0xA9, 0x5F50, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 3, 1, 0xAA, 0x4F20, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x5F50, "00FF*" },
    { 3, 1, 0xAC, 0x4F21, SAIP_BER_TLV, 0, 0, 9, 0x00, false, 0x5F50, "" },
    { 3, 1, 0xAD, 0x4F01, SAIP_TRANSPARENT, 0, 0, 10, 0x00, true, 0x5F50, "" },
    { 3, 1, 0xAB, 0x4F40, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x5F50, "FF*" },
    { 3, 1, 0xAE, 0x4F80, SAIP_TRANSPARENT, 0, 0, 10, 0x00, true, 0x5F50, "" },
    { 3, 1, 0xAF, 0x5F3A, SAIP_DF, 0, 0, 14, 0x00, true, 0x0000, "" },
    { 3, 1, 0xB0, 0x4F30, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x5F3A, "" },
    { 3, 1, 0xB1, 0x4F38, SAIP_LINEAR_FIXED, 0, 13, 5, 0x00, false, 0x5F3A, "00FF*" },
    { 3, 1, 0xB2, 0x4F40, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xB3, 0x4F48, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xB4, 0x4F22, SAIP_TRANSPARENT, 4, 0, 5, 0x00, false, 0x5F3A, "00000000" },
    { 3, 1, 0xB5, 0x4F23, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x5F3A, "0000" },
    { 3, 1, 0xB6, 0x4F24, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x5F3A, "0000" },
    { 3, 1, 0xB7, 0x4F50, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xB8, 0x4F58, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xBA, 0x4F68, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xBB, 0x4F70, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, true, 0x5F3A, "" },
    { 3, 1, 0xBC, 0x4F78, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xBD, 0x4F80, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xBE, 0x4F88, SAIP_LINEAR_FIXED, 0, 2, 5, 0x00, false, 0x5F3A, "0000" },
    { 3, 1, 0xBF1F, 0x4F90, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "00*" },
    { 3, 1, 0xBF20, 0x4F98, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 3, 1, 0xBF21, 0x5F3B, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 3, 1, 0xBF22, 0x4F47, SAIP_BER_TLV, 0, 0, 5, 0x00, false, 0x5F3B, "" },
    { 3, 1, 0xBF23, 0x4F48, SAIP_BER_TLV, 0, 0, 5, 0x00, false, 0x5F3B, "" },
    { 3, 1, 0xBF24, 0x5F3C, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 3, 1, 0xBF25, 0x4F20, SAIP_TRANSPARENT, 0, 0, 2, 0x01, true, 0x5F3C, "" },
    { 3, 1, 0xBF26, 0x4F21, SAIP_TRANSPARENT, 0, 0, 2, 0x02, true, 0x5F3C, "" },
    { 3, 1, 0xBF27, 0x4F21, SAIP_TRANSPARENT, 1, 0, 2, 0x03, true, 0x5F3C, "" },
    { 3, 2, 0xBF28, 0x5F3D, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 3, 2, 0xBF29, 0x4F01, SAIP_TRANSPARENT, 0, 0, 2, 0x01, true, 0x5F3D, "" },
    { 3, 2, 0xBF2A, 0x4F02, SAIP_BER_TLV, 0, 0, 2, 0x02, true, 0x5F3D, "" },
    { 3, 2, 0xBF2B, 0x5F3E, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 3, 2, 0xBF2C, 0x4F01, SAIP_TRANSPARENT, 0, 0, 2, 0x01, true, 0x5F3E, "" },
    { 3, 2, 0xBF2D, 0x4F02, SAIP_BER_TLV, 0, 0, 2, 0x02, true, 0x5F3E, "" },
    { 3, 2, 0xBF2E, 0x4F03, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x5F3E, "" },
    { 3, 2, 0xBF2F, 0x4F04, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x5F3E, "" },
    { 4, 1, 0xA2, 0x0, SAIP_ADF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 4, 1, 0xA3, 0x6F07, SAIP_TRANSPARENT, 9, 0, 2, 0x07, true, 0x0000, "" },
    { 4, 1, 0xA4, 0x6F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x17, true, 0x0000, "" },
    { 4, 1, 0xA5, 0x6F08, SAIP_TRANSPARENT, 33, 0, 5, 0x08, false, 0x0000, "07FF*" },
    { 4, 1, 0xA6, 0x6F09, SAIP_TRANSPARENT, 33, 0, 5, 0x09, false, 0x0000, "07FF*" },
    { 4, 1, 0xA7, 0x6F31, SAIP_TRANSPARENT, 1, 0, 2, 0x12, false, 0x0000, "0A" },
    { 4, 1, 0xA8, 0x6F38, SAIP_TRANSPARENT, 14, 0, 2, 0x04, true, 0x0000, "" },
    { 4, 1, 0xA9, 0x6F3B, SAIP_LINEAR_FIXED, 520, 26, 8, 0x00, false, 0x0000, "FF*" },
    { 4, 1, 0xAA, 0x6F3C, SAIP_LINEAR_FIXED, 1760, 176, 5, 0x00, false, 0x0000, "00FF*" },
    { 4, 1, 0xAB, 0x6F42, SAIP_LINEAR_FIXED, 38, 38, 5, 0x00, false, 0x0000, "FF*" },
    { 4, 1, 0xAC, 0x6F43, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x0000, "FFFF" },
    { 4, 1, 0xAD, 0x6F46, SAIP_TRANSPARENT, 17, 0, 10, 0x00, true, 0x0000, "" },
    { 4, 1, 0xAE, 0x6F56, SAIP_TRANSPARENT, 1, 0, 8, 0x05, true, 0x0000, "" },
    { 4, 1, 0xAF, 0x6F5B, SAIP_TRANSPARENT, 6, 0, 5, 0x0F, false, 0x0000, "F00000F00000" },
    { 4, 1, 0xB0, 0x6F5C, SAIP_TRANSPARENT, 3, 0, 2, 0x10, false, 0x0000, "FFFFFF" },
    { 4, 1, 0xB1, 0x6F73, SAIP_TRANSPARENT, 14, 0, 5, 0x0C, false, 0x0000, "FFFFFFFFFFFFFFFFFFFF0000FF01" },
    { 4, 1, 0xB2, 0x6F78, SAIP_TRANSPARENT, 2, 0, 2, 0x06, true, 0x0000, "" },
    { 4, 1, 0xB3, 0x6F7B, SAIP_TRANSPARENT, 12, 0, 5, 0x0D, false, 0x0000, "FF*" },
    { 4, 1, 0xB4, 0x6F7E, SAIP_TRANSPARENT, 11, 0, 5, 0x0B, false, 0x0000, "FFFFFFFFFFFFFF0000FF01" },
    { 4, 1, 0xB5, 0x6FAD, SAIP_TRANSPARENT, 4, 0, 10, 0x03, false, 0x0000, "00000002" },
    { 4, 1, 0xB6, 0x6FB7, SAIP_LINEAR_FIXED, 4, 4, 10, 0x01, true, 0x0000, "" },
    { 4, 1, 0xB7, 0x6FC4, SAIP_TRANSPARENT, 128, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 4, 1, 0xB8, 0x6FE3, SAIP_TRANSPARENT, 18, 0, 5, 0x1E, false, 0x0000,
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001" },
    { 4, 1, 0xB9, 0x6FE4, SAIP_LINEAR_FIXED, 80, 80, 5, 0x18, false, 0x0000, "FF*" },
    { 4, 2, 0xA8, 0x6F38, SAIP_TRANSPARENT, 17, 0, 2, 0x04, true, 0x0000, "" },
    { 5, 1, 0xA2, 0x6F05, SAIP_TRANSPARENT, 6, 0, 1, 0x02, false, 0x0000, "FF*" },
    { 5, 1, 0xA3, 0x6F37, SAIP_TRANSPARENT, 3, 0, 5, 0x00, false, 0x0000, "000000" },
    { 5, 1, 0xA4, 0x6F39, SAIP_CYCLIC, 3, 3, 7, 0x00, false, 0x0000, "000000" },
    { 5, 1, 0xA5, 0x6F3E, SAIP_TRANSPARENT, 8, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xA6, 0x6F3F, SAIP_TRANSPARENT, 8, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xA7, 0x6F40, SAIP_LINEAR_FIXED, 24, 24, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xA8, 0x6F41, SAIP_TRANSPARENT, 5, 0, 5, 0x00, false, 0x0000, "FFFFFF0000" },
    { 5, 1, 0xA9, 0x6F45, SAIP_TRANSPARENT, 10, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xAA, 0x6F48, SAIP_TRANSPARENT, 10, 0, 2, 0x0E, false, 0x0000, "FF*" },
    { 5, 1, 0xAB, 0x6F49, SAIP_LINEAR_FIXED, 240, 24, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xAC, 0x6F4B, SAIP_LINEAR_FIXED, 130, 13, 8, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xAD, 0x6F4C, SAIP_LINEAR_FIXED, 130, 13, 2, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xAE, 0x6F50, SAIP_TRANSPARENT, 20, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xAF, 0x6F60, SAIP_TRANSPARENT, 40, 0, 5, 0x0A, false, 0x0000, "(FFFFFF0000)" },
    { 5, 1, 0xB0, 0x6F61, SAIP_TRANSPARENT, 40, 0, 2, 0x11, false, 0x0000, "(FFFFFF0000)" },
    { 5, 1, 0xB1, 0x6F62, SAIP_TRANSPARENT, 5, 0, 2, 0x13, false, 0x0000, "(FFFFFF0000)" },
    { 5, 1, 0xB2, 0x6F2C, SAIP_TRANSPARENT, 16, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xB3, 0x6F32, SAIP_TRANSPARENT, 30, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xB4, 0x6F47, SAIP_LINEAR_FIXED, 300, 30, 5, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xB5, 0x6F4D, SAIP_LINEAR_FIXED, 250, 25, 8, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xB6, 0x6F4E, SAIP_LINEAR_FIXED, 130, 13, 5, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xB7, 0x6F4F, SAIP_LINEAR_FIXED, 75, 15, 5, 0x16, false, 0x0000, "FF*" },
    { 5, 1, 0xB8, 0x6F55, SAIP_LINEAR_FIXED, 130, 13, 8, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xB9, 0x6F57, SAIP_TRANSPARENT, 101, 0, 8, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xBA, 0x6F58, SAIP_LINEAR_FIXED, 110, 11, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBB, 0x6F80, SAIP_CYCLIC, 760, 38, 5, 0x14, false, 0x0000, "FF*0000000001FFFF" },
    { 5, 1, 0xBC, 0x6F81, SAIP_CYCLIC, 740, 37, 5, 0x15, false, 0x0000, "FF*00000001FFFF" },
    { 5, 1, 0xBD, 0x6F82, SAIP_CYCLIC, 3, 3, 7, 0x00, false, 0x0000, "000000" },
    { 5, 1, 0xBE, 0x6F83, SAIP_CYCLIC, 3, 3, 7, 0x00, false, 0x0000, "000000" },
    { 5, 1, 0xBF1F, 0x6FB1, SAIP_TRANSPARENT, 20, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF20, 0x6FB2, SAIP_TRANSPARENT, 7, 0, 5, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF21, 0x6FB3, SAIP_TRANSPARENT, 20, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF22, 0x6FB4, SAIP_TRANSPARENT, 7, 0, 5, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF23, 0x6FB5, SAIP_TRANSPARENT, 2, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF24, 0x6FB6, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 5, 1, 0xBF25, 0x6FC3, SAIP_TRANSPARENT, 4, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF26, 0x6FC5, SAIP_LINEAR_FIXED, 160, 16, 10, 0x19, true, 0x0000, "" },
    { 5, 1, 0xBF27, 0x6FC6, SAIP_LINEAR_FIXED, 40, 8, 10, 0x1A, true, 0x0000, "" },
    { 5, 1, 0xBF28, 0x6FC7, SAIP_LINEAR_FIXED, 72, 24, 5, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF29, 0x6FC8, SAIP_LINEAR_FIXED, 130, 13, 5, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xBF2A, 0x6FC9, SAIP_LINEAR_FIXED, 50, 5, 5, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF2B, 0x6FCA, SAIP_LINEAR_FIXED, 60, 6, 5, 0x00, false, 0x0000, "00*" },
    { 5, 1, 0xBF2C, 0x6FCB, SAIP_LINEAR_FIXED, 160, 16, 5, 0x00, false, 0x0000, "0100FF*" },
    { 5, 1, 0xBF2D, 0x6FCC, SAIP_LINEAR_FIXED, 130, 13, 5, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xBF2E, 0x6FCD, SAIP_TRANSPARENT, 17, 0, 2, 0x1B, true, 0x0000, "" },
    { 5, 1, 0xBF2F, 0x6FCE, SAIP_LINEAR_FIXED, 60, 6, 5, 0x00, false, 0x0000, "000000FF*" },
    { 5, 1, 0xBF30, 0x6FCF, SAIP_LINEAR_FIXED, 130, 13, 5, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xBF31, 0x6FD0, SAIP_TRANSPARENT, 100, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF32, 0x6FD1, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF33, 0x6FD2, SAIP_TRANSPARENT, 100, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF34, 0x6FD3, SAIP_LINEAR_FIXED, 55, 11, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF35, 0x6FD4, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "00*" },
    { 5, 1, 0xBF36, 0x6FD5, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "00*" },
    { 5, 1, 0xBF37, 0x6FD6, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF38, 0x6FD7, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF39, 0x6FD8, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF3A, 0x6FD9, SAIP_TRANSPARENT, 15, 0, 2, 0x1D, false, 0x0000, "FF*" },
    { 5, 1, 0xBF3B, 0x6FDA, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF3C, 0x6FDB, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 5, 1, 0xBF3D, 0x6FDC, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 5, 1, 0xBF3E, 0x6FDD, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF3F, 0x6FDE, SAIP_TRANSPARENT, 0, 0, 10, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xBF40, 0x6FDF, SAIP_LINEAR_FIXED, 0, 0, 10, 0x00, false, 0x0000, "00FF*" },
    { 5, 1, 0xBF41, 0x6FE2, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF42, 0x6FE6, SAIP_TRANSPARENT, 30, 0, 10, 0x00, false, 0x0000,
      "801E60C01E900080040000000000000000F0000000004000000000000080" },
    { 5, 1, 0xBF43, 0x6FE8, SAIP_TRANSPARENT, 18, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF44, 0x6FE7, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF45, 0x6FEC, SAIP_TRANSPARENT, 0, 0, 10, 0x00, true, 0x0000, "" },
    { 5, 1, 0xBF46, 0x6FED, SAIP_LINEAR_FIXED, 0, 0, 8, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF47, 0x6FEE, SAIP_LINEAR_FIXED, 0, 0, 8, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF48, 0x6FEF, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF49, 0x6FF0, SAIP_LINEAR_FIXED, 0, 0, 3, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF4A, 0x6FF1, SAIP_CYCLIC, 0, 4, 10, 0x00, false, 0x0000, "FF*" },
    { 5, 1, 0xBF4B, 0x6FF2, SAIP_LINEAR_FIXED, 0, 0, 3, 0x00, false, 0x0000, "FF*" },
    { 5, 2, 0xAF, 0x6F60, SAIP_TRANSPARENT, 40, 0, 5, 0x0A, false, 0x0000,
      "FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000" },
    { 5, 2, 0xB0, 0x6F61, SAIP_TRANSPARENT, 40, 0, 2, 0x11, false, 0x0000,
      "FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000FFFFFF0000" },
    { 5, 2, 0xB1, 0x6F62, SAIP_TRANSPARENT, 5, 0, 2, 0x13, false, 0x0000, "FFFFFF0000" },
    { 5, 2, 0xBF4C, 0x6FF3, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF4D, 0x6FF4, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF4E, 0x6FF5, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF4F, 0x6FF6, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF50, 0x6FF7, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 5, 2, 0xBF51, 0x6FF8, SAIP_BER_TLV, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF52, 0x6FF9, SAIP_TRANSPARENT, 4, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF53, 0x6FFA, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF54, 0x6FFC, SAIP_BER_TLV, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF55, 0x6FFD, SAIP_TRANSPARENT, 0, 0, 10, 0x00, true, 0x0000, "" },
    { 5, 2, 0xBF56, 0x6FFD, SAIP_BER_TLV, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 5, 3, 0xBF57, 0x6F01, SAIP_TRANSPARENT, 1, 0, 3, 0x00, true, 0x0000, "" },
    { 6, 1, 0xA2, 0x5F3A, SAIP_DF, 0, 0, 14, 0x00, true, 0x0000, "" },
    { 6, 1, 0xA3, 0x4F30, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x5F3A, "" },
    { 6, 1, 0xA4, 0x4F38, SAIP_LINEAR_FIXED, 0, 13, 5, 0x00, false, 0x5F3A, "00FF*" },
    { 6, 1, 0xA5, 0x4F40, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xA6, 0x4F48, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xA7, 0x4F22, SAIP_TRANSPARENT, 4, 0, 5, 0x00, false, 0x5F3A, "00000000" },
    { 6, 1, 0xA8, 0x4F23, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x5F3A, "0000" },
    { 6, 1, 0xA9, 0x4F24, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x5F3A, "0000" },
    { 6, 1, 0xAA, 0x4F50, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xAB, 0x4F58, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xAD, 0x4F68, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xAE, 0x4F70, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, true, 0x5F3A, "" },
    { 6, 1, 0xAF, 0x4F78, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xB0, 0x4F80, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 6, 1, 0xB1, 0x4F88, SAIP_LINEAR_FIXED, 0, 2, 5, 0x00, false, 0x5F3A, "0000" },
    { 6, 1, 0xB2, 0x4F90, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "00*" },
    { 6, 1, 0xB3, 0x4F98, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x5F3A, "FF*" },
    { 7, 1, 0xA2, 0x5F3B, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 7, 1, 0xA3, 0x4F20, SAIP_TRANSPARENT, 9, 0, 5, 0x01, false, 0x0000, "FF*07" },
    { 7, 1, 0xA4, 0x4F52, SAIP_TRANSPARENT, 9, 0, 5, 0x02, false, 0x0000, "FF*07" },
    { 7, 1, 0xA5, 0x4F63, SAIP_TRANSPARENT, 10, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 7, 1, 0xA6, 0x4F64, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 8, 1, 0xA2, 0x0, SAIP_ADF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 8, 1, 0xA3, 0x6F02, SAIP_TRANSPARENT, 0, 0, 2, 0x02, true, 0x0000, "" },
    { 8, 1, 0xA4, 0x6F04, SAIP_LINEAR_FIXED, 0, 0, 2, 0x04, true, 0x0000, "" },
    { 8, 1, 0xA5, 0x6F03, SAIP_TRANSPARENT, 0, 0, 2, 0x05, true, 0x0000, "" },
    { 8, 1, 0xA6, 0x6F07, SAIP_TRANSPARENT, 14, 0, 2, 0x07, true, 0x0000, "" },
    { 8, 1, 0xA7, 0x6FAD, SAIP_TRANSPARENT, 3, 0, 10, 0x03, false, 0x0000, "000000" },
    { 8, 1, 0xA8, 0x6F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x06, true, 0x0000, "" },
    { 9, 1, 0xA2, 0x6F09, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 9, 1, 0xA3, 0x6F3C, SAIP_LINEAR_FIXED, 1760, 176, 5, 0x00, false, 0x0000, "00FF*" },
    { 9, 1, 0xA4, 0x6F42, SAIP_LINEAR_FIXED, 38, 38, 5, 0x00, false, 0x0000, "FF*" },
    { 9, 1, 0xA5, 0x6F43, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x0000, "FFFF" },
    { 9, 1, 0xA6, 0x6F47, SAIP_LINEAR_FIXED, 300, 30, 5, 0x00, false, 0x0000, "00FF*" },
    { 9, 1, 0xA7, 0x6FD5, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 9, 1, 0xA8, 0x6FD7, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 9, 1, 0xA9, 0x6FDD, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 9, 1, 0xAA, 0x6FE7, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 9, 2, 0xAB, 0x6FF7, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 9, 2, 0xAC, 0x6FF8, SAIP_BER_TLV, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 9, 2, 0xAD, 0x6FFC, SAIP_BER_TLV, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 9, 2, 0xAE, 0x6FFA, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 9, 2, 0xAF, 0x6FFA, SAIP_BER_TLV, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 10, 1, 0xA2, 0x0, SAIP_ADF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 10, 1, 0xA3, 0x6F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x00, true, 0x0000, "" },
    { 10, 1, 0xA4, 0x6F21, SAIP_CYCLIC, 2, 2, 7, 0x00, false, 0x0000, "0000" },
    { 10, 1, 0xA5, 0x6F22, SAIP_TRANSPARENT, 10, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xA6, 0x6F23, SAIP_TRANSPARENT, 10, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xA7, 0x6F24, SAIP_TRANSPARENT, 16, 0, 5, 0x00, false, 0x0000, "000000000000000000FFFFFFFF000000" },
    { 10, 1, 0xA8, 0x6F25, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xA9, 0x6F26, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xAA, 0x6F27, SAIP_TRANSPARENT, 7, 0, 5, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xAB, 0x6F28, SAIP_LINEAR_FIXED, 0, 5, 5, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xAC, 0x6F29, SAIP_LINEAR_FIXED, 0, 8, 5, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xAD, 0x6F2A, SAIP_TRANSPARENT, 7, 0, 5, 0x00, false, 0x0000, "01000000000000" },
    { 10, 1, 0xAE, 0x6F2B, SAIP_TRANSPARENT, 8, 0, 5, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xAF, 0x6F2C, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xB0, 0x6F2D, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xB1, 0x6F2F, SAIP_TRANSPARENT, 7, 0, 5, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xB2, 0x6F30, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 10, 1, 0xB3, 0x6F31, SAIP_TRANSPARENT, 8, 0, 11, 0x00, true, 0x0000, "" },
    { 10, 1, 0xB4, 0x6F32, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 10, 1, 0xB5, 0x6F33, SAIP_TRANSPARENT, 3, 0, 3, 0x00, false, 0x0000, "000000" },
    { 10, 1, 0xB6, 0x6F34, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xB7, 0x6F35, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xB8, 0x6F36, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 10, 1, 0xB9, 0x6F37, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xBA, 0x6F38, SAIP_TRANSPARENT, 8, 0, 10, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xBB, 0x6F3A, SAIP_TRANSPARENT, 0, 0, 1, 0x00, false, 0x0000, "FF*" },
    { 10, 1, 0xBC, 0x6F42, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xBD, 0x6F43, SAIP_TRANSPARENT, 3, 0, 10, 0x00, false, 0x0000, "000000" },
    { 10, 1, 0xBE, 0x6F45, SAIP_TRANSPARENT, 4, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xBF1F, 0x6F46, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 10, 1, 0xBF20, 0x6F55, SAIP_TRANSPARENT, 3, 0, 5, 0x00, false, 0x0000, "000000" },
    { 10, 1, 0xBF21, 0x6F70, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xBF22, 0x6F71, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xBF23, 0x6F72, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 1, 0xBF24, 0x6F73, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "00*" },
    { 10, 2, 0xA2, 0x0, SAIP_ADF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 11, 1, 0xA2, 0x6F2E, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xA3, 0x6F3B, SAIP_LINEAR_FIXED, 0, 0, 8, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xA4, 0x6F3C, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x0000, "00FF*" },
    { 11, 1, 0xA5, 0x6F3D, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xA6, 0x6F3E, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xA7, 0x6F3F, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "00FF*" },
    { 11, 1, 0xA8, 0x6F41, SAIP_TRANSPARENT, 35, 0, 10, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xA9, 0x6F44, SAIP_LINEAR_FIXED, 0, 11, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xAA, 0x6F47, SAIP_TRANSPARENT, 0, 0, 10, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xAB, 0x6F48, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 11, 1, 0xAC, 0x6F49, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 11, 1, 0xAD, 0x6F4A, SAIP_TRANSPARENT, 4, 0, 2, 0x00, false, 0x0000, "00*" },
    { 11, 1, 0xAE, 0x6F4B, SAIP_TRANSPARENT, 5, 0, 2, 0x00, false, 0x0000, "00*" },
    { 11, 1, 0xAF, 0x6F4C, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xB0, 0x6F4D, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xB1, 0x6F4E, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "00" },
    { 11, 1, 0xB2, 0x6F4F, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xB3, 0x6F50, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xB6, 0x6F56, SAIP_TRANSPARENT, 3, 0, 2, 0x00, false, 0x0000, "00*" },
    { 11, 1, 0xB7, 0x6F57, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xB8, 0x6F58, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "FF" },
    { 11, 1, 0xB9, 0x6F59, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 11, 1, 0xBA, 0x6F5A, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBE, 0x6F5E, SAIP_LINEAR_FIXED, 0, 2, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF21, 0x6F65, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x0000, "000000FF*" },
    { 11, 1, 0xBF22, 0x6F66, SAIP_LINEAR_FIXED, 0, 13, 5, 0x00, false, 0x0000, "00FF*" },
    { 11, 1, 0xBF23, 0x6F67, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF24, 0x6F68, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF25, 0x6F69, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF27, 0x6F6B, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF29, 0x6F6D, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF2A, 0x6F6E, SAIP_TRANSPARENT, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF2C, 0x6F74, SAIP_TRANSPARENT, 0, 0, 11, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF2D, 0x6F75, SAIP_TRANSPARENT, 0, 0, 8, 0x00, false, 0x0000, "00*" },
    { 11, 1, 0xBF2E, 0x6F76, SAIP_TRANSPARENT, 4, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF31, 0x6F79, SAIP_LINEAR_FIXED, 0, 0, 2, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF32, 0x6F7A, SAIP_LINEAR_FIXED, 0, 13, 8, 0x00, false, 0x0000, "00FF*" },
    { 11, 1, 0xBF33, 0x6F7B, SAIP_LINEAR_FIXED, 0, 13, 2, 0x00, false, 0x0000, "00FF*" },
    { 11, 1, 0xBF34, 0x6F7C, SAIP_CYCLIC, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF35, 0x6F7D, SAIP_CYCLIC, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF36, 0x6F7E, SAIP_LINEAR_FIXED, 0, 13, 5, 0x00, false, 0x0000, "00FF*" },
    { 11, 1, 0xBF37, 0x6F7F, SAIP_LINEAR_FIXED, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 1, 0xBF39, 0x6F81, SAIP_TRANSPARENT, 126, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 11, 2, 0xA2, 0x6F2E, SAIP_TRANSPARENT, 1, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 12, 1, 0xA2, 0x0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 12, 1, 0xA3, 0x4F01, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 12, 1, 0xA4, 0x4F02, SAIP_TRANSPARENT, 1, 0, 2, 0x00, false, 0x0000, "00" },
    { 12, 1, 0xA5, 0x4F03, SAIP_TRANSPARENT, 0, 0, 2, 0x00, true, 0x0000, "" },
    { 12, 1, 0xA6, 0x4F04, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 12, 1, 0xA7, 0x4F20, SAIP_TRANSPARENT, 0, 0, 5, 0x00, false, 0x0000, "FF*" },
    { 12, 1, 0xA8, 0x4F21, SAIP_TRANSPARENT, 0, 0, 5, 0x00, true, 0x0000, "" },
    { 12, 1, 0xA9, 0x4F22, SAIP_TRANSPARENT, 0, 0, 5, 0x00, true, 0x0000, "" },
    { 13, 1, 0xA2, 0x5FC0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 13, 1, 0xA3, 0x4F01, SAIP_TRANSPARENT, 20, 0, 5, 0x01, false, 0x0000,
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001" },
    { 13, 1, 0xA4, 0x4F02, SAIP_TRANSPARENT, 20, 0, 5, 0x02, false, 0x0000,
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001" },
    { 13, 1, 0xA5, 0x4F03, SAIP_LINEAR_FIXED, 57, 57, 5, 0x03, false, 0x0000, "FF*" },
    { 13, 1, 0xA6, 0x4F04, SAIP_LINEAR_FIXED, 57, 57, 5, 0x04, false, 0x0000, "FF*" },
    { 13, 1, 0xA7, 0x4F05, SAIP_TRANSPARENT, 110, 0, 5, 0x05, true, 0x0000, "" },
    { 13, 1, 0xA8, 0x4F06, SAIP_TRANSPARENT, 4, 0, 2, 0x06, true, 0x0000, "" },
    { 13, 1, 0xA9, 0x4F07, SAIP_TRANSPARENT, 0, 0, 2, 0x07, false, 0x0000, "FF*" },
    { 13, 1, 0xAA, 0x4F08, SAIP_LINEAR_FIXED, 0, 10, 10, 0x08, false, 0x0000, "FF*" },
    { 13, 1, 0xAB, 0x4F09, SAIP_TRANSPARENT, 0, 0, 2, 0x09, true, 0x0000, "" },
    { 13, 1, 0xAC, 0x4F0A, SAIP_TRANSPARENT, 4, 0, 2, 0x0A, false, 0x0000, "F0FFFFFF" },
    { 13, 2, 0xAD, 0x4F0B, SAIP_BER_TLV, 0, 0, 2, 0x00, false, 0x0000, "" },
    { 13, 2, 0xAE, 0x4F0C, SAIP_TRANSPARENT, 1, 0, 2, 0x0C, false, 0x0000, "00" },
    { 13, 3, 0xA5, 0x4F03, SAIP_LINEAR_FIXED, 124, 62, 5, 0x03, false, 0x0000, "FF*" },
    { 13, 3, 0xA6, 0x4F04, SAIP_LINEAR_FIXED, 124, 62, 5, 0x04, false, 0x0000, "FF*" },
    { 13, 4, 0xAC, 0x4F0A, SAIP_TRANSPARENT, 4, 0, 2, 0x0A, false, 0x0000, "F0FF0000" },
    { 13, 4, 0xAF, 0x4F0D, SAIP_TRANSPARENT, 2, 0, 2, 0x0D, true, 0x0000, "" },
    { 13, 4, 0xB0, 0x4F0E, SAIP_TRANSPARENT, 0, 0, 2, 0x0E, true, 0x0000, "" },
    { 13, 4, 0xB1, 0x4F0F, SAIP_TRANSPARENT, 7, 0, 2, 0x0F, true, 0x0000, "" },
    { 13, 4, 0xB2, 0x4F10, SAIP_TRANSPARENT, 2, 0, 2, 0x10, true, 0x0000, "" },
    { 13, 4, 0xB3, 0x4F11, SAIP_TRANSPARENT, 1, 0, 2, 0x11, true, 0x0000, "" },
    { 13, 4, 0xB4, 0x4F15, SAIP_TRANSPARENT, 1, 0, 2, 0x15, true, 0x0000, "" },
    { 13, 4, 0xB5, 0x4F16, SAIP_TRANSPARENT, 1, 0, 2, 0x16, true, 0x0000, "" },
    { 14, 1, 0xA2, 0x5FD0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 14, 1, 0xA3, 0x4F01, SAIP_TRANSPARENT, 0, 0, 3, 0x00, false, 0x0000, "FF*" },
    { 15, 1, 0xA2, 0x5FE0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 15, 1, 0xA3, 0x4F01, SAIP_TRANSPARENT, 1, 0, 10, 0x00, true, 0x0000, "" },
    { 16, 1, 0xA2, 0x5FF0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 16, 1, 0xA3, 0x4F01, SAIP_TRANSPARENT, 1, 0, 2, 0x01, true, 0x0000, "" },
    { 16, 1, 0xA4, 0x4F02, SAIP_TRANSPARENT, 26, 0, 2, 0x02, true, 0x0000, "" },
    { 16, 1, 0xA5, 0x4F03, SAIP_TRANSPARENT, 12, 0, 2, 0x03, true, 0x0000, "" },
    { 16, 1, 0xA6, 0x4F04, SAIP_TRANSPARENT, 32, 0, 2, 0x04, true, 0x0000, "" },
    { 16, 1, 0xA7, 0x4F05, SAIP_TRANSPARENT, 29, 0, 2, 0x05, true, 0x0000, "" },
    { 16, 1, 0xA8, 0x4F06, SAIP_TRANSPARENT, 32, 0, 2, 0x06, true, 0x0000, "" },
    { 17, 1, 0xA2, 0x3F00, SAIP_MF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 17, 1, 0xA3, 0x2F05, SAIP_TRANSPARENT, 2, 0, 1, 0x05, false, 0x0000, "FF*" },
    { 17, 1, 0xA4, 0x2FE2, SAIP_TRANSPARENT, 10, 0, 11, 0x02, false, 0x0000, "" },
    { 17, 1, 0xA5, 0x2F00, SAIP_LINEAR_FIXED, 0, 0, 10, 0x1E, false, 0x0000, "" },
    { 17, 1, 0xA6, 0x2F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x00, false, 0x0000, "" },
    { 17, 1, 0xA7, 0x2F08, SAIP_TRANSPARENT, 5, 0, 10, 0x08, false, 0x0000, "" },
    { 17, 1, 0xA8, 0x7FD0, SAIP_ADF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 17, 1, 0xA9, 0x6F07, SAIP_TRANSPARENT, 9, 0, 2, 0x07, true, SAIP_UNDER_ADF, "" },
    { 17, 1, 0xAA, 0x6F06, SAIP_LINEAR_FIXED, 0, 0, 10, 0x17, false, SAIP_UNDER_ADF, "" },
    { 17, 1, 0xAB, 0x6F08, SAIP_TRANSPARENT, 33, 0, 5, 0x08, false, SAIP_UNDER_ADF, "07FF*" },
    { 17, 1, 0xAC, 0x6F09, SAIP_TRANSPARENT, 33, 0, 5, 0x09, false, SAIP_UNDER_ADF, "07FF*" },
    { 17, 1, 0xAD, 0x6F31, SAIP_TRANSPARENT, 1, 0, 2, 0x12, false, SAIP_UNDER_ADF, "0A" },
    { 17, 1, 0xAE, 0x6F38, SAIP_TRANSPARENT, 17, 0, 2, 0x04, false, SAIP_UNDER_ADF, "000000000100*" },
    { 17, 1, 0xAF, 0x6F5B, SAIP_TRANSPARENT, 6, 0, 5, 0x0F, false, SAIP_UNDER_ADF, "F00000F00000" },
    { 17, 1, 0xB0, 0x6F5C, SAIP_TRANSPARENT, 3, 0, 2, 0x10, false, SAIP_UNDER_ADF, "FFFFFF" },
    { 17, 1, 0xB1, 0x6F73, SAIP_TRANSPARENT, 14, 0, 5, 0x0C, false, SAIP_UNDER_ADF, "FFFFFFFFFFFFFFFFFFFF0000FF01" },
    { 17, 1, 0xB2, 0x6F78, SAIP_TRANSPARENT, 2, 0, 2, 0x06, true, SAIP_UNDER_ADF, "" },
    { 17, 1, 0xB3, 0x6F7B, SAIP_TRANSPARENT, 12, 0, 5, 0x0D, false, SAIP_UNDER_ADF, "FF*" },
    { 17, 1, 0xB4, 0x6F7E, SAIP_TRANSPARENT, 11, 0, 5, 0x0B, false, SAIP_UNDER_ADF, "FFFFFFFFFFFFFF0000FF01" },
    { 17, 1, 0xB5, 0x6FAD, SAIP_TRANSPARENT, 4, 0, 10, 0x03, false, SAIP_UNDER_ADF, "00000002" },
    { 17, 1, 0xB6, 0x6FB7, SAIP_LINEAR_FIXED, 4, 4, 10, 0x01, false, SAIP_UNDER_ADF, "FF*" },
    { 17, 1, 0xB7, 0x6FC4, SAIP_TRANSPARENT, 128, 0, 5, 0x00, false, SAIP_UNDER_ADF, "FF*" },
    { 18, 1, 0xA2, 0x6F3B, SAIP_LINEAR_FIXED, 520, 26, 8, 0x00, false, 0x0000, "FF*" },
    { 18, 1, 0xA3, 0x6F3C, SAIP_LINEAR_FIXED, 1760, 176, 5, 0x00, false, 0x0000, "00FF*" },
    { 18, 1, 0xA4, 0x6F42, SAIP_LINEAR_FIXED, 38, 38, 5, 0x00, false, 0x0000, "FF*" },
    { 18, 1, 0xA5, 0x6F43, SAIP_TRANSPARENT, 2, 0, 5, 0x00, false, 0x0000, "FFFF" },
    { 18, 1, 0xA6, 0x6F46, SAIP_TRANSPARENT, 17, 0, 10, 0x00, true, 0x0000, "" },
    { 18, 1, 0xA7, 0x6F56, SAIP_TRANSPARENT, 1, 0, 8, 0x05, true, 0x0000, "" },
    { 18, 1, 0xA8, 0x6F61, SAIP_TRANSPARENT, 40, 0, 2, 0x11, false, 0x0000, "(FFFFFF0000)" },
    { 18, 1, 0xA9, 0x6F62, SAIP_TRANSPARENT, 5, 0, 2, 0x13, false, 0x0000, "(FFFFFF0000)" },
    { 18, 1, 0xAA, 0x6FD9, SAIP_TRANSPARENT, 15, 0, 2, 0x1D, false, 0x0000, "FF*" },
    { 18, 1, 0xAB, 0x6FE3, SAIP_TRANSPARENT, 18, 0, 5, 0x1E, false, 0x0000,
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001" },
    { 18, 1, 0xAC, 0x6FE4, SAIP_LINEAR_FIXED, 80, 80, 5, 0x18, false, 0x0000, "FF*" },
    { 18, 1, 0xAD, 0x5FC0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 18, 1, 0xAE, 0x4F01, SAIP_TRANSPARENT, 20, 0, 5, 0x01, false, 0x5FC0,
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001" },
    { 18, 1, 0xAF, 0x4F02, SAIP_TRANSPARENT, 20, 0, 5, 0x02, false, 0x5FC0,
      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001" },
    { 18, 1, 0xB0, 0x4F03, SAIP_LINEAR_FIXED, 124, 62, 5, 0x03, false, 0x5FC0, "FF*" },
    { 18, 1, 0xB1, 0x4F04, SAIP_LINEAR_FIXED, 124, 62, 5, 0x04, false, 0x5FC0, "FF*" },
    { 18, 1, 0xB2, 0x4F05, SAIP_TRANSPARENT, 110, 0, 5, 0x05, true, 0x5FC0, "" },
    { 18, 1, 0xB3, 0x4F06, SAIP_TRANSPARENT, 4, 0, 2, 0x06, true, 0x5FC0, "" },
    { 18, 1, 0xB4, 0x4F07, SAIP_TRANSPARENT, 0, 0, 2, 0x07, false, 0x5FC0, "FF*" },
    { 18, 1, 0xB5, 0x4F08, SAIP_LINEAR_FIXED, 0, 10, 10, 0x08, false, 0x5FC0, "FF*" },
    { 18, 1, 0xB6, 0x4F09, SAIP_TRANSPARENT, 0, 0, 2, 0x09, true, 0x5FC0, "" },
    { 18, 1, 0xB7, 0x4F0A, SAIP_TRANSPARENT, 4, 0, 2, 0x0A, false, 0x5FC0, "F0FF0000" },
    { 18, 1, 0xB8, 0x4F0B, SAIP_BER_TLV, 0, 0, 2, 0x00, false, 0x5FC0, "" },
    { 18, 1, 0xB9, 0x4F0C, SAIP_TRANSPARENT, 1, 0, 2, 0x0C, false, 0x5FC0, "00" },
    { 18, 1, 0xBA, 0x5FD0, SAIP_DF, 0, 0, 14, 0x00, false, 0x0000, "" },
    { 18, 1, 0xBB, 0x4F01, SAIP_TRANSPARENT, 0, 0, 3, 0x00, false, 0x5FD0, "FF*" },
};

#define ADM "A40683010A950108"
#define PIN "A406830101950108"
#define PIN2 "A406830181950108"
#define ALWAYS "9000"
#define NEVER "9700"
const char *const saip_default_rules[SAIP_DEFAULT_RULES] = {
    "800101" ALWAYS "800102" PIN "800158" ADM,                       /* 1: read always, update by the PIN */
    "800101" PIN "80015A" ADM,                                       /* 2: read by the PIN */
    "80015B" ADM,                                                    /* 3 */
    "FF*",
    "800103" PIN "800158" ADM,                                       /* 5: read and update by the PIN */
    "FF*",
    "800101" PIN "800102" PIN2 "840132" PIN "800158" ADM,            /* 7: counters */
    "800101" PIN "800102" PIN2 "800158" ADM,                         /* 8 */
    "800101" ALWAYS "80011A" PIN "800140" ADM,                       /* 9: also activated by the PIN */
    "800101" ALWAYS "80015A" ADM,                                    /* 10: read always */
    "800101" ALWAYS "800102" NEVER "800158" ADM,                     /* 11: the ICCID */
    "FF*",
    "FF*",
    "80015E" ADM,                                                    /* 14: directories */
};

bool saip_template_id(struct span oid, unsigned *family, unsigned *version)
{
    static const uint8_t prefix[] = { 0x67, 0x81, 0x0f, 0x01, 0x02 };
    if (oid.len < 6 || oid.len > 7 || memcmp(oid.at, prefix, sizeof prefix))
        return false;
    *family = oid.at[5];
    *version = oid.len == 7 ? oid.at[6] : 1;
    return true;
}

/* The rows of a family lie together, in the order of families. */
static size_t first_of(unsigned family)
{
    size_t from = 0, to = COUNT(rows);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (rows[middle].family < family)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

const struct saip_template_file *saip_template_find(unsigned family, unsigned version, uint32_t tag)
{
    const struct saip_template_file *best = NULL;
    for (size_t i = first_of(family); i < COUNT(rows) && rows[i].family == family; i++)
        if (rows[i].tag == tag && rows[i].version <= version && (!best || rows[i].version > best->version))
            best = &rows[i];
    return best;
}

const struct saip_template_file *saip_template_next(unsigned family, unsigned version,
                                                    const struct saip_template_file *previous)
{
    size_t i = previous ? (size_t)(previous - rows) + 1 : first_of(family);
    for (; i < COUNT(rows) && rows[i].family == family; i++)
        if (saip_template_find(family, version, rows[i].tag) == &rows[i])
            return &rows[i];
    return NULL;
}

bool saip_template_version_known(unsigned family, unsigned version)
{
    for (size_t i = first_of(family); i < COUNT(rows) && rows[i].family == family; i++)
        if (rows[i].version == version)
            return true;
    return false;
}

bool saip_template_by_default(unsigned family)
{
    return family == 1 || family == 4 || family == 8 || family == 10 || family == SAIP_IOT;
}

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static uint8_t octet(const char *p)
{
    return (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
}

static void fill_repeating(const char *pattern, size_t octets, uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = octet(pattern + 1 + 2 * (i % octets));
}

void saip_template_fill(const char *pattern, uint8_t *at, size_t size)
{
    memset(at, 0xff, size);
    size_t length = strlen(pattern);
    if (pattern[0] == '(') {
        fill_repeating(pattern, (length - 2) / 2, at, size);
        return;
    }
    const char *star = strchr(pattern, '*');
    size_t head = star ? (size_t)(star - pattern) / 2 : length / 2;
    size_t tail = star ? (length - 2 * head - 1) / 2 : 0;
    for (size_t i = 0; i < head && i < size; i++)
        at[i] = octet(pattern + 2 * i);
    if (star && head && size > head)
        memset(at + head, at[head - 1], size - head);
    for (size_t i = 0; i < tail && tail <= size; i++)
        at[size - tail + i] = octet(star + 1 + 2 * i);
}
