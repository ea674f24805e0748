package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;

/** The command finds an agent that has TLS and users by its configuration. */
class DrillCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... args) {
    return Main.execute(args, new PrintWriter(out, true), new PrintWriter(err, true));
  }

  @Test
  void givenAgentWithTlsAndUsers_whenDrilled_thenItsOwnCertificateAndAUserAreEnough()
      throws Exception {
    Authority authority = new Authority(folder, "ca");
    authority.issue("web", "web", "DNS:elsewhere.example");
    String hash = BCrypt.withDefaults().hashToString(4, "secret".toCharArray());
    Path web = folder.resolve("web.yml");
    Files.writeString(
        web,
        "tls_server_config: {cert_file: web.pem, key_file: web.key}\nbasic_auth_users: {ann: '"
            + hash
            + "'}\n");
    Path password = Files.writeString(folder.resolve("password"), "secret\n");
    Routes routes =
        new Routes().post("/drill", request -> HttpAnswer.text(200, "passed\nprobe\t100\tdown\n"));
    try (EventLoops loops = EventLoops.nio(1, "test");
        HttpServer agent =
            new HttpServer(
                loops,
                new InetSocketAddress("127.0.0.1", 0),
                new HttpServer.Limits(1000, 4),
                WebAccess.of(web, Clock.system(), Runnable::run, new SimpleMeterRegistry()),
                Runnable::run,
                routes)) {
      Path config = folder.resolve("agent.yaml");
      Files.writeString(
          config, "listen: 127.0.0.1:" + agent.port() + "\nweb_config_file: web.yml\n");
      String[] asAnn = {
        "drill", "--config", config.toString(), "--user", "ann", "--password-file", "" + password
      };

      assertThat(execute(asAnn)).as(err.toString()).isZero();
      assertThat(out.toString()).contains("passed");
      assertThat(execute("drill", "--config", config.toString())).isEqualTo(4);
      assertThat(err.toString()).contains("401").contains("--password-file");
    }
  }

  @Test
  void givenUserWithoutPassword_whenDrilled_thenTold() {
    assertThat(execute("drill", "--url", "http://127.0.0.1:1", "--user", "ann")).isEqualTo(2);
    assertThat(err.toString()).contains("go together");
  }
}
