/* Style and script of the pages, made from report_html/ when the build is configured. */
#ifndef LAB_RUNNER_REPORT_ASSETS_H
#define LAB_RUNNER_REPORT_ASSETS_H

extern const char report_style_css[];
extern const char report_script_js[];

#endif
