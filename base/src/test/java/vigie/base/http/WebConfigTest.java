package vigie.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.net.Authority;

class WebConfigTest {
  private static final String HASH = "$2y$10$oFP47iroK8ZCLpbq5aDnqOMfCEH/Ppm7GcJ9axoduYvQIeVD9XzxC";

  @TempDir Path folder;
  private final Faults faults = new Faults();

  private WebConfig read(String text) throws IOException {
    Path file = folder.resolve("web.yml");
    Files.writeString(file, text);
    return WebConfig.read(file, faults);
  }

  private List<String> faults() {
    return faults.all().stream().map(f -> f.substring(f.indexOf("web.yml"))).toList();
  }

  @Test
  void givenNothing_whenRead_thenOpen() throws Exception {
    assertThat(read("")).isEqualTo(WebConfig.OPEN);
    assertThat(faults()).isEmpty();
  }

  @Test
  void givenEveryKey_whenRead_thenAllTaken() throws Exception {
    WebConfig config =
        read(
            """
            tls_server_config:
              cert_file: a.pem
              key_file: a.key
              client_ca_file: ca.pem
              client_auth_type: RequireAndVerifyClientCert
              client_allowed_sans: [p1]
              min_version: TLS12
              max_version: TLS13
              cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
              curve_preferences: [X25519, CurveP256]
              prefer_server_cipher_suites: false
            http_server_config:
              http2: true
              headers: {X-Frame-Options: deny}
            rate_limit: {interval: 100ms, burst: 20}
            basic_auth_users: {alice: "%s"}
            """
                .formatted(HASH));
    assertThat(faults()).isEmpty();
    assertThat(config.tls()).isNotNull();
    assertThat(config.tls().files())
        .containsExactly(
            folder.resolve("a.pem"), folder.resolve("a.key"), folder.resolve("ca.pem"));
    assertThat(config.headers()).containsEntry("X-Frame-Options", "deny");
    assertThat(config.users()).containsEntry("alice", HASH);
    assertThat(config.every()).isEqualTo(Duration.ofMillis(100));
    assertThat(config.burst()).isEqualTo(20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tls_server_conf: {}|web.yml:1:1: unknown key \"tls_server_conf\"; did you mean \"tls_server_config\"?",
        "tls_server_config: {cert_fil: x, key_file: y}|web.yml:1:21: unknown key \"cert_fil\" in tls_server_config; did you mean \"cert_file\"?",
        "tls_server_config: {cert_file: x}|web.yml:1:20: key_file is missing",
        "tls_server_config: {client_ca_file: x, cert_file: x, key_file: x}|web.yml:1:21: client CAs without client_auth_type",
        "tls_server_config: {cert_file: x, key_file: x, client_auth_type: RequireAndVerifyClientCerts}|web.yml:1:48: client_auth_type \"RequireAndVerifyClientCerts\" is not known here; did you mean \"RequireAndVerifyClientCert\"?",
        "tls_server_config: {cert_file: x, key_file: x, min_version: TLS14}|web.yml:1:48: min_version \"TLS14\"",
        "tls_server_config: {cert_file: x, key_file: x, min_version: TLS13, max_version: TLS12}|max_version is below min_version",
        "tls_server_config: {cert_file: x, key_file: x, max_version: TLS11, min_version: TLS10}|this Java refuses all of",
        "tls_server_config: {cert_file: x, key_file: x, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25]}|did you mean \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"?",
        "tls_server_config: {cert_file: x, key_file: x, curve_preferences: [P256]}|curve_preferences \"P256\"",
        "tls_server_config: {cert_file: x, key_file: x, client_allowed_sans: [a]}|client_allowed_sans needs client_auth_type",
        "http_server_config: {headers: {Server: x}}|header \"Server\" cannot be set",
        "http_server_config: {headers: {X-Frame-Options: never}}|X-Frame-Options must be deny or sameorigin",
        "rate_limit: {interval: 1s}|without a burst of at least 1",
        "basic_auth_users: {alice: hunter2}|no bcrypt hash",
        "basic_auth_users: [alice]|basic_auth_users must be a section"
      })
  void givenFault_whenRead_thenToldWithItsPlace(String text, String fault) throws Exception {
    read(text);
    assertThat(String.join("\n", faults())).contains(fault).doesNotContain("hunter2");
  }

  @Test
  void givenInlineKey_whenRead_thenWarnedOf() throws Exception {
    read("tls_server_config: {cert: c, key: k}");
    assertThat(faults.warnings()).singleElement().asString().contains("better: key_file");
  }

  @Test
  void givenKeyOfAnotherCertificate_whenChecked_thenBothFilesAreNamedAndNoKey() throws Exception {
    Authority authority = new Authority(folder, "ca");
    authority.issue("a", "a", "DNS:a");
    authority.issue("b", "b", "DNS:b");
    Path file = folder.resolve("web.yml");
    Files.writeString(file, "tls_server_config:\n  cert_file: a.pem\n  key_file: b.key\n");
    WebAccess.check(file, faults);
    assertThat(faults())
        .singleElement()
        .asString()
        .startsWith("web.yml:3:13: key_file ")
        .contains("b.key is not the key of the certificate in cert_file ")
        .endsWith("a.pem");
    Files.writeString(file, "tls_server_config:\n  cert_file: a.pem\n  key_file: none.key\n");
    WebAccess.check(file, faults);
    assertThat(faults()).hasSize(2).last().asString().endsWith("none.key: no such file");
  }
}
