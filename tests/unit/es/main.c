#include "es_tests.h"

static const struct test tests[] = {
    { "ES9+ answers arrive as they were sent", es9p_answers_arrive },
    { "ES9+ signatures come as TLV and bare", es9p_signatures_come_in_both_forms },
    { "ES9+ signatures of other lengths are refused", es9p_signatures_of_other_lengths_are_refused },
    { "ES9+ refusals arrive with their codes", es9p_refusals_arrive },
    { "ES9+ hostile requests are refused", es9p_refuses_hostile_requests },
    { "ES9+ hostile answers are refused", es9p_refuses_hostile_answers },
    { "ES9+ answers arrive in ASN.1 as they were sent", es9p_asn1_answers_arrive },
    { "ES9+ hostile requests in ASN.1 are refused", es9p_asn1_refuses_hostile_requests },
    { "ES9+ hostile answers in ASN.1 are refused", es9p_asn1_refuses_hostile_answers },
    { "ES9+ in ASN.1 carries recorded messages octet for octet", es9p_asn1_forwards_recorded_bytes },
    { "ES9+ refuses alike in both bindings", es9p_bindings_refuse_alike },
    { "ES11 events arrive in both bindings", es11_events_arrive },
    { "ES11 refuses alike in both bindings", es11_bindings_refuse_alike },
    { "ES11 hostile answers are refused", es11_refuses_hostile_answers },
    { "ES12 events arrive with the members of their function", es12_events_arrive },
    { "ES12 hostile requests are refused", es12_refuses_hostile_requests },
    { "ES2+ orders arrive with the members of their function", es2p_orders_arrive },
    { "ES2+ hostile requests are refused", es2p_refuses_hostile_requests },
    { "ESipa polls bring a package", esipa_polls },
    { "ESipa results and notifications are delivered", esipa_delivers },
    { "ESipa hostile requests are refused", esipa_refuses_hostile_requests },
    { "ESipa hostile answers are refused", esipa_refuses_hostile_answers },
    { "ESipa is for IPAs that say who they are and what they speak", esipa_knows_its_callers },
    { "numbers of SGP.32 v1.3 are read by all and written to who wants them", esipa_numbers_of_the_next_version },
    { "ESipa polls over JSON, and what hostile eIMs say to them", esipa_json_polls },
    { "ESipa sessions are cancelled over JSON", esipa_json_cancels },
    { "ESipa results are taken or refused over JSON, and what is refused is not taken", esipa_json_results },
    { "ESipa notifications are taken or refused over JSON", esipa_json_notifications },
    { "ESipa error numbers arrive over both bindings as what they stand for", esipa_error_numbers_arrive },
    { "ESipa's own error numbers are nobody else's", esipa_error_numbers_are_its_own },
    { "ESipa errors of polls and results arrive over both bindings", esipa_package_errors_arrive },
    { "ES10 commands and answers", es10b_talks_to_a_card },
    { "ES10 loads a bound package segment by segment", es10b_loads_a_bound_package },
    { "ES10 hostile cards are refused", es10b_refuses_hostile_cards },
};

int main(void)
{
    return tests_main("es", tests, COUNT(tests));
}
