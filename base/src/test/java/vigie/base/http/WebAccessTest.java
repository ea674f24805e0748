package vigie.base.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.ConfigException;
import vigie.base.net.Authority;
import vigie.base.net.Peer;
import vigie.base.time.ManualClock;

class WebAccessTest {
  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Deque<Runnable> checks = new ArrayDeque<>();
  private final List<String> said = new ArrayList<>();
  private Path file;

  @BeforeEach
  void place() {
    file = folder.resolve("web.yml");
  }

  private static String hash(String password) {
    return BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, password.toCharArray());
  }

  private void users(String password) throws IOException {
    Files.writeString(file, "basic_auth_users:\n  alice: " + hash(password) + "\n");
  }

  private WebAccess access() {
    return WebAccess.of(file, clock, checks::add, meters);
  }

  private HttpRequest request(String login, String address) {
    HttpHeaders headers = new DefaultHttpHeaders();
    if (!login.isEmpty()) {
      byte[] text = login.getBytes(StandardCharsets.UTF_8);
      headers.set("authorization", "Basic " + Base64.getEncoder().encodeToString(text));
    }
    return new HttpRequest("GET", "/", "", headers, new byte[0], new Peer(address, "", ""), false);
  }

  /** Status, or the user where it may pass; what is to be checked is checked. */
  private String ask(WebAccess access, String login, String address) {
    HttpRequest request = request(login, address);
    access.admit(
        request, answer -> said.add(answer == null ? request.who().name() : "" + answer.status()));
    checks.forEach(Runnable::run);
    checks.clear();
    return said.get(said.size() - 1);
  }

  private double refused(String reason) {
    return meters.get("vigie.http.refused").tag("reason", reason).counter().count();
  }

  @Test
  void givenRightPasswordOnce_whenAskedAgain_thenNothingIsCheckedAgain() throws Exception {
    users("secret");
    WebAccess access = access();
    assertThat(ask(access, "alice:secret", "192.0.2.1")).isEqualTo("alice");
    access.admit(request("alice:secret", "192.0.2.9"), answer -> said.add("at once " + answer));
    assertThat(checks).isEmpty();
    assertThat(said).last().isEqualTo("at once null");
    for (int i = 0; i < 300; i++) {
      ask(access, "alice:wrong" + i, "192.0.2." + i);
    }
    access.admit(request("alice:secret", "192.0.2.9"), answer -> said.add("still " + answer));
    assertThat(said).last().isEqualTo("still null");
  }

  @Test
  void givenWrongPasswords_whenTheyGoOn_thenThatAddressIsToldToWait() throws Exception {
    users("secret");
    WebAccess access = access();
    for (int i = 0; i < 10; i++) {
      assertThat(ask(access, "alice:wrong" + i, "192.0.2.1")).isEqualTo("401");
    }
    assertThat(ask(access, "alice:secret", "192.0.2.1")).isEqualTo("429");
    assertThat(refused("attempts")).isEqualTo(1);
    assertThat(ask(access, "alice:secret", "192.0.2.2")).isEqualTo("alice");
    clock.advance(Duration.ofSeconds(6));
    assertThat(ask(access, "bob:secret", "192.0.2.1")).isEqualTo("401");
    assertThat(ask(access, "bob:again", "192.0.2.1")).isEqualTo("429");
    assertThat(refused("credentials")).isEqualTo(11);
  }

  @Test
  void givenScraperWithAWrongPassword_whenItGoesOn_thenItCostsOneCheck() throws Exception {
    users("secret");
    WebAccess access = access();
    for (int i = 0; i < 50; i++) {
      assertThat(ask(access, "alice:old", "192.0.2.1")).isEqualTo("401");
    }
  }

  @Test
  void givenNoRoomForChecks_whenAsked_thenBusy() throws Exception {
    users("secret");
    WebAccess access =
        WebAccess.of(
            file,
            clock,
            task -> {
              throw new RejectedExecutionException();
            },
            meters);
    assertThat(ask(access, "alice:secret", "192.0.2.1")).isEqualTo("503");
    assertThat(refused("busy")).isEqualTo(1);
  }

  @Test
  void givenLongPassword_whenItsFirst72BytesAreRight_thenIn() throws Exception {
    users("é".repeat(36));
    WebAccess access = access();
    assertThat(ask(access, "alice:" + "é".repeat(36), "a")).isEqualTo("alice");
    assertThat(ask(access, "alice:" + "é".repeat(36) + "more", "a")).isEqualTo("alice");
    assertThat(ask(access, "alice:" + "é".repeat(35), "a")).isEqualTo("401");
  }

  @Test
  void givenFileChanged_whenAskedASecondLater_thenNewUsersCountAndAWrongFileChangesNothing()
      throws Exception {
    users("one");
    WebAccess access = access();
    assertThat(ask(access, "alice:one", "a")).isEqualTo("alice");
    users("the second");
    assertThat(ask(access, "alice:one", "a")).isEqualTo("alice");
    clock.advance(Duration.ofSeconds(1));
    assertThat(ask(access, "alice:one", "a")).isEqualTo("401");
    assertThat(ask(access, "alice:the second", "a")).isEqualTo("alice");

    Files.writeString(file, "basic_auth_user: {}\n");
    clock.advance(Duration.ofSeconds(1));
    assertThat(ask(access, "alice:the second", "a")).isEqualTo("alice");
    assertThat(meters.get("vigie.web.config.last.reload.successful").gauge().value()).isZero();
    users("third");
    clock.advance(Duration.ofSeconds(1));
    assertThat(ask(access, "alice:third", "a")).isEqualTo("alice");
    assertThat(meters.get("vigie.web.config.last.reload.successful").gauge().value()).isOne();
  }

  @Test
  void givenCertificateAndKeyReplacedOneAfterTheOther_whenBothAreThere_thenTheyCount()
      throws Exception {
    Authority authority = new Authority(folder, "ca");
    authority.issue("a", "a", "DNS:a");
    Files.writeString(file, "tls_server_config: {cert_file: a.pem, key_file: a.key}\n");
    WebAccess access = access();
    var first = access.tls();
    assertThat(first).isNotNull();
    authority.issue("b", "b", "DNS:b");
    Files.delete(folder.resolve("a.pem"));
    Files.move(folder.resolve("b.pem"), folder.resolve("a.pem"));
    clock.advance(Duration.ofSeconds(1));
    assertThat(access.tls()).isSameAs(first);
    assertThat(meters.get("vigie.web.config.last.reload.successful").gauge().value()).isZero();
    Files.delete(folder.resolve("a.key"));
    clock.advance(Duration.ofSeconds(1));
    assertThat(access.tls()).isSameAs(first);
    Files.move(folder.resolve("b.key"), folder.resolve("a.key"));
    clock.advance(Duration.ofSeconds(1));
    assertThat(access.tls()).isNotSameAs(first);
    assertThat(meters.get("vigie.web.certificate.expiry.timestamp.seconds").gauge().value())
        .isGreaterThan(1.7e9);
  }

  @Test
  void givenNewFileThatNamesACertificateStillToCome_whenItComes_thenTaken() throws Exception {
    Files.writeString(file, "");
    WebAccess access = access();
    Files.writeString(file, "tls_server_config: {cert_file: a.pem, key_file: a.key}\n");
    clock.advance(Duration.ofSeconds(1));
    assertThat(access.tls()).isNull();
    new Authority(folder, "ca").issue("a", "a", "DNS:a");
    clock.advance(Duration.ofSeconds(1));
    assertThat(access.tls()).isNotNull();
  }

  @Test
  void givenFileReplacedByOneAsOldAndAsLong_whenAskedASecondLater_thenItCounts() throws Exception {
    users("secret");
    WebAccess access = access();
    FileTime written = Files.getLastModifiedTime(file);
    users("public");
    Files.setLastModifiedTime(file, written);
    clock.advance(Duration.ofSeconds(1));
    assertThat(ask(access, "alice:public", "192.0.2.1")).isEqualTo("alice");
  }

  @Test
  void givenRateLimit_whenExceeded_then429UntilTimeHasPassed() throws Exception {
    Files.writeString(file, "rate_limit: {interval: 1s, burst: 2}\n");
    WebAccess access = access();
    assertThat(ask(access, "", "a")).isEqualTo("a");
    assertThat(ask(access, "", "a")).isEqualTo("a");
    assertThat(ask(access, "", "a")).isEqualTo("429");
    clock.advance(Duration.ofMillis(1100));
    assertThat(ask(access, "", "a")).isEqualTo("a");
    assertThat(ask(access, "", "a")).isEqualTo("429");
    assertThat(refused("rate")).isEqualTo(2);
  }

  @Test
  void givenMissingFile_whenOpened_thenConfigException() {
    assertThatThrownBy(this::access)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no such file");
  }
}
