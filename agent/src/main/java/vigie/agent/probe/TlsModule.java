package vigie.agent.probe;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.net.Addresses;

/**
 * Looks at the certificates of {@code HOST:PORT}.
 *
 * @param starttls the protocol that asks for TLS first; null where TLS begins with the connection
 * @param expiresIn down when a certificate has less time left than this; zero: when it is over
 */
record TlsModule(
    AddressChoice addresses, TlsSettings security, @Nullable String starttls, Duration expiresIn)
    implements Module {
  static final String PROBER = "tls";
  private static final Duration EVERY = Duration.ofMinutes(1);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  static final List<Measure> MEASURES =
      List.of(
          Dial.LOOKUP,
          Dial.PROTOCOL,
          Dial.HASH,
          TlsPeer.EARLIEST,
          TlsPeer.CHAIN_EXPIRY,
          TlsPeer.CHAIN_INFO,
          TlsPeer.VERSION,
          TlsPeer.CIPHER);

  static TlsModule read(Section section) {
    AddressChoice addresses = AddressChoice.readWithSource(section);
    TlsSettings security = TlsSettings.read(section);
    String starttls = section.string("starttls");
    if (starttls != null && !StartTlsDialogue.ALL.containsKey(starttls)) {
      section.fault(
          "starttls",
          "starttls \""
              + starttls
              + "\" is not one of "
              + String.join(", ", StartTlsDialogue.ALL.keySet()));
      starttls = null;
    }
    Duration expiresIn =
        section.duration("expires_in", Duration.ZERO, Duration.ZERO, Duration.ofDays(3650));
    return new TlsModule(addresses, security, starttls, expiresIn);
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public Duration every() {
    return EVERY;
  }

  @Override
  public Duration timeout() {
    return TIMEOUT;
  }

  @Override
  public void checkTarget(String target) {
    TcpModule.checkHostAndPort(target);
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new TlsProbe(this, Addresses.parse(target), timeout, tools);
  }
}
