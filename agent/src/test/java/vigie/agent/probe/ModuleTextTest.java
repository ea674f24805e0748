package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ModuleTextTest {
  @Test
  void givenDialogue_whenShown_thenOfWhatIsSentOnlyTheLengthIsTold() {
    Module module =
        ProbeHarness.module(
            "tcp",
            "{query_response: [{expect: '^220 (.+)', labels: [{name: a, value: '$1'}]},"
                + " {send: PASS hush}], tls_config: {server_name: a.example, key_file: /k.pem,"
                + " cert_file: /c.pem}}");
    assertThat(ModuleText.of(module))
        .contains("prober: tcp\n")
        .contains("security:\n  cert_file: /c.pem\n  key_file: /k.pem\n  server_name: a.example\n")
        .contains(
            "dialogue:\n  - line: {expect: \"^220 (.+)\", labels: {a: \"$1\"}}\n"
                + "  - send: {text: <10 characters>}\n")
        .doesNotContain("hush");
  }

  @Test
  void givenProgram_whenShown_thenNeitherArgumentsNorVariablesAreSeen() {
    Module module = ProbeHarness.module("exec", "{args: [-p, hush], environment: {TOKEN: hush}}");
    assertThat(ModuleText.of(module))
        .isEqualTo(
            "prober: exec\nargs:\n  - <2 characters>\n  - <4 characters>\n"
                + "environment:\n  - TOKEN\nwarning_is: down\n");
  }

  @Test
  void givenUserAndPassword_whenShown_thenOnlyThatThereAreSome() {
    Module module =
        ProbeHarness.module(
            "http",
            "{method: post, body: a=hush, headers: {X-Key: hush}, basic_auth: {username: hush,"
                + " password: hush}, fail_if_body_not_matches_regexp: [ok]}");
    assertThat(ModuleText.of(module))
        .contains("request:\n  method: POST\n  headers:\n    - X-Key\n  body: <6 characters>\n")
        .contains(
            "authorization:\n    type: Basic\n    user: <secret>\n    credentials: <secret>\n")
        .contains("good_body:\n  - \"ok\"\n")
        .doesNotContain("hush");
  }
}
