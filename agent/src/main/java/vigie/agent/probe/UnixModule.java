package vigie.agent.probe;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import vigie.base.config.Section;

/**
 * Connects to a stream socket of this host, such as {@code /run/gunicorn.sock}, and, where asked
 * for, holds a dialogue as {@link TcpModule} does.
 *
 * @param tls whether TLS begins with the connection
 * @param security for that and for STARTTLS
 * @param dialogue empty where a connection is enough
 */
record UnixModule(boolean tls, TlsSettings security, List<Exchange> dialogue) implements Module {
  static final String PROBER = "unix";
  static final List<Measure> MEASURES =
      List.of(
          Conversation.FAILED_REGEX,
          Conversation.FAILED_BYTES,
          new Measure(Exchange.Labels.NAME, Exchange.Labels.HELP, List.of()),
          TlsPeer.EARLIEST,
          TlsPeer.CHAIN_EXPIRY,
          TlsPeer.CHAIN_INFO,
          TlsPeer.VERSION,
          TlsPeer.CIPHER);

  /** What a socket's address has room for, sun_path, with its last byte a zero. */
  private static final int MOST_PATH = 107;

  UnixModule {
    dialogue = List.copyOf(dialogue);
  }

  static UnixModule read(Section section) {
    boolean tls = section.bool("tls", false);
    TlsSettings security = TlsSettings.read(section);
    return new UnixModule(tls, security, TcpModule.dialogue(section, tls));
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    if (!target.startsWith("/") || target.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is not the whole path of a socket; write /run/gunicorn.sock");
    }
    int bytes = target.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MOST_PATH) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is longer than the " + MOST_PATH + " bytes of a socket's path");
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new UnixProbe(this, Path.of(target), timeout, tools);
  }
}
