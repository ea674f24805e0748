package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;

/** All of blackbox_exporter's configuration is taken, or refused by name and with what to do. */
class BlackboxGrammarTest {

  /** Each key that blackbox_exporter 0.28 takes, by the section that it stands in. */
  private static final Map<String, String> KEYS =
      Map.of(
          "http",
          "authorization basic_auth bearer_token bearer_token_file body body_file body_size_limit"
              + " compression enable_http2 enable_http3 fail_if_body_json_matches_cel"
              + " fail_if_body_json_not_matches_cel fail_if_body_matches_regexp"
              + " fail_if_body_not_matches_regexp fail_if_header_matches"
              + " fail_if_header_not_matches fail_if_not_ssl fail_if_ssl follow_redirects headers"
              + " http_headers ip_protocol_fallback method no_follow_redirects no_proxy oauth2"
              + " preferred_ip_protocol proxy_connect_header proxy_from_environment proxy_url"
              + " skip_resolve_phase_with_proxy tls_config valid_http_versions"
              + " valid_status_codes",
          "tcp",
          "ip_protocol_fallback preferred_ip_protocol query_response source_ip_address tls"
              + " tls_config",
          "dns",
          "dns_over_tls ip_protocol_fallback preferred_ip_protocol query_class query_name"
              + " query_type recursion_desired source_ip_address tls_config transport_protocol"
              + " valid_rcodes validate_additional_rrs validate_answer_rrs"
              + " validate_authority_rrs",
          "icmp",
          "dont_fragment ip_protocol_fallback payload_size preferred_ip_protocol"
              + " source_ip_address ttl",
          "unix",
          "query_response tls tls_config",
          "tls_config",
          "ca_file cert_file insecure_skip_verify key_file max_version min_version server_name",
          "basic_auth",
          "password password_file username username_file",
          "authorization",
          "credentials credentials_file type",
          "validate_answer_rrs",
          "fail_if_all_match_regexp fail_if_matches_regexp fail_if_none_matches_regexp"
              + " fail_if_not_matches_regexp");

  @Test
  void givenEveryKeyThatIsTaken_whenRead_thenNoFault() throws Exception {
    Faults faults = new Faults();
    Map<String, Modules.Named> modules = read("all-keys.yml", resource("all-keys.yml"), faults);
    assertThat(faults.all()).isEmpty();
    assertThat(modules.keySet()).hasSize(15);
  }

  @Test
  void givenWhatIsNotTaken_whenRead_thenRefusedByNameAndPlace() throws Exception {
    for (String line : resource("refused.txt").lines().filter(l -> !l.startsWith("#")).toList()) {
      int bar = line.lastIndexOf(" | ");
      Faults faults = new Faults();
      read("blackbox.yml", "modules:\n  m: " + line.substring(0, bar) + "\n", faults);
      assertThat(faults.all().stream().map(Object::toString).toList())
          .as(line)
          .anyMatch(fault -> fault.startsWith("blackbox.yml:" + line.substring(bar + 3)));
    }
  }

  @Test
  void givenTheGrammar_whenLookedThrough_thenEachKeyIsInOneOfTheTwoFiles() throws Exception {
    String both = resource("all-keys.yml") + resource("refused.txt");
    for (Map.Entry<String, String> section : KEYS.entrySet()) {
      Set<String> missing = new TreeSet<>(List.of(section.getValue().split(" ")));
      missing.removeIf(key -> both.contains(" " + key + ":") || both.contains("{" + key + ":"));
      assertThat(missing).as(section.getKey()).isEmpty();
    }
  }

  private static Map<String, Modules.Named> read(String file, String yaml, Faults faults) {
    Section top = Yaml.parse(Path.of(file), yaml, Map.of(), faults);
    Map<String, Modules.Named> modules = Modules.readAll(top);
    top.end();
    return modules;
  }

  private static String resource(String name) throws IOException {
    try (var in = BlackboxGrammarTest.class.getResourceAsStream("/blackbox/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
