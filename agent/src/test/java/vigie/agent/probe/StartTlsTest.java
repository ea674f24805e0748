package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** STARTTLS against scripts of what real servers say, with real TLS behind them. */
class StartTlsTest {
  @TempDir private static Path folder;
  private static Certificates certificates;
  private static SSLContext context;

  private final ProbeHarness probes = new ProbeHarness();

  @BeforeAll
  static void makeCertificates() {
    certificates = new Certificates(folder);
    context = certificates.server("dns:localhost", "-1d", 10);
  }

  @AfterEach
  void close() throws Exception {
    probes.close();
  }

  /** As Postfix, Dovecot, OpenLDAP, Active Directory and PostgreSQL say it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "smtp | 220 mx.example.org ESMTP Postfix (Debian)\\r\\n@250-mx.example.org\\r\\n"
            + "250-PIPELINING\\r\\n250-STARTTLS\\r\\n250-8BITMIME\\r\\n250 CHUNKING\\r\\n@"
            + "220 2.0.0 Ready to start TLS\\r\\n",
        "smtp | 220-mx.example.org\\r\\n220 ESMTP\\r\\n@250-mx\\r\\n250 STARTTLS\\r\\n@220 go\\r\\n",
        "imap | * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] Dovecot ready.\\r\\n@"
            + "a1 OK Begin TLS negotiation now.\\r\\n",
        "pop3 | +OK Dovecot ready.\\r\\n@+OK Begin TLS negotiation now.\\r\\n",
        "ldap | @0\\x0c\\x02\\x01\\x01x\\x07\\x0a\\x01\\x00\\x04\\x00\\x04\\x00",
        "ldap | @0\\x84\\x00\\x00\\x00\\x10\\x02\\x01\\x01x\\x84\\x00\\x00\\x00\\x07"
            + "\\x0a\\x01\\x00\\x04\\x00\\x04\\x00",
        "postgres | @S"
      })
  void givenServerWithTls_whenProbedByTcpAndTls_thenUp(String protocol, String script)
      throws IOException {
    String target = "localhost:" + ProbeHarness.port(serve(script, true));
    String tls = "tls_config: {ca_file: " + certificates.ca() + "}";
    probes.run(
        ProbeHarness.module("tcp", "{starttls: " + protocol + ", " + tls + ", expect: within}"),
        target);
    probes.up();
    assertThat(probes.labels("probe_tls_version_info")).containsExactly("TLS 1.3");
    probes.run(ProbeHarness.module("tls", "{starttls: " + protocol + ", " + tls + "}"), target);
    probes.up();
    assertThat(probes.value("probe_ssl_earliest_cert_expiry")).isPositive();
  }

  /** Says its turns, the first at once and each other after it was spoken to. */
  private String serve(String script, boolean thenTls) throws IOException {
    List<String> turns = List.of(unescaped(script).split("@", -1));
    return probes.serve(
        socket -> {
          for (int i = 0; i < turns.size(); i++) {
            if (i > 0) {
              socket.getInputStream().read(new byte[512]);
            }
            write(socket, turns.get(i));
          }
          Socket rest = thenTls ? secured(socket) : socket;
          if (thenTls) {
            write(rest, "within\r\n");
          }
          rest.getInputStream().transferTo(OutputStream.nullOutputStream());
        });
  }

  private static Socket secured(Socket socket) throws IOException {
    SSLSocket secured =
        (SSLSocket) context.getSocketFactory().createSocket(socket, null, socket.getPort(), false);
    secured.setUseClientMode(false);
    return secured;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "smtp | 421 busy\\r\\n | the server refused, it said \"421 busy\"",
        "smtp | 220 a ESMTP\\r\\n@250-a\\r\\n250 SIZE\\r\\n |"
            + " the server does not offer STARTTLS, it said \"250 SIZE\"",
        "smtp | 220 a\\r\\n@250-a\\r\\n250-STARTTLS\\r\\n250 SIZE\\r\\n@454 not now\\r\\n |"
            + " the server refused, it said \"454 not now\"",
        "imap | * OK hello\\r\\n@a1 BAD what\\r\\n | the server refused, it said \"a1 BAD what\"",
        "pop3 | +OK\\r\\n@-ERR no\\r\\n | the server refused, it said \"-ERR no\"",
        "postgres | @N | the server does not offer TLS",
        "ldap | @0\\x0c\\x02\\x01\\x01x\\x07\\x0a\\x01\\x02\\x04\\x00\\x04\\x00 |"
            + " the server refused StartTLS with LDAP result 2",
        "ldap | @0\\x0e\\x02\\x01\\x01x\\x09\\x0a\\x01\\x02\\x04\\x00\\x04\\x02no |"
            + " the server refused StartTLS with LDAP result 2, it said \"no\"",
        "ldap | @0\\x84\\x00\\x00\\x00\\x16\\x02\\x01\\x01x\\x84\\x00\\x00\\x00\\x0d"
            + "\\x0a\\x01\\x34\\x04\\x00\\x04\\x84\\x00\\x00\\x00\\x02no |"
            + " the server refused StartTLS with LDAP result 52, it said \"no\"",
        "ldap | @SSH-2.0 | expected an LDAP answer got \"SSH-2.0\""
      })
  void givenServerWithout_whenProbed_thenItsWordsAreTold(
      String protocol, String script, String reason) throws IOException {
    String target = serve(script, false);
    probes.run(ProbeHarness.module("tcp", "{starttls: " + protocol + "}"), target);
    assertThat(probes.reason()).isEqualTo(reason);
  }

  @Test
  void givenBlackboxModule_whenStarttlsIsAnExchange_thenTlsBeginsThere() throws IOException {
    String target =
        probes.serve(
            socket -> {
              socket.getInputStream().read(new byte[512]);
              write(socket, "S");
              socket.getInputStream().read(new byte[16]);
              write(socket, "no TLS after all");
              socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            });
    probes.run(
        ProbeHarness.module(
            "tcp",
            "{query_response: [{send: !!binary AAAACATSFi8=}, {expect_bytes: S},"
                + " {starttls: true}]}"),
        target);
    assertThat(probes.reason()).isEqualTo("the peer does not speak TLS on this port");
  }

  private static void write(Socket socket, String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String unescaped(String text) {
    String plain = text.replace("\\r", "\r").replace("\\n", "\n");
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < plain.length(); i++) {
      if (plain.startsWith("\\x", i)) {
        out.append((char) Integer.parseInt(plain.substring(i + 2, i + 4), 16));
        i += 3;
      } else {
        out.append(plain.charAt(i));
      }
    }
    return out.toString();
  }
}
