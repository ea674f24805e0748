package vigie.collector.receive;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.ConfigException;
import vigie.base.config.Section;
import vigie.base.net.Addresses;
import vigie.base.net.ServerTls;

/**
 * What the collector listens for besides HTTP, and whom it believes.
 *
 * @param relp plain RELP
 * @param relpTls RELP over TLS; there once {@code tls} names a certificate
 * @param tls of RELP; null where there is none
 * @param syslogTlsAuth {@code tls} with what a client of syslog over TLS must show
 */
public record ReceiveConfig(
    InetSocketAddress relp,
    Optional<InetSocketAddress> relpTls,
    Optional<InetSocketAddress> syslogUdp,
    Optional<InetSocketAddress> syslogTcp,
    Optional<InetSocketAddress> syslogTls,
    @Nullable ServerTls tls,
    @Nullable ServerTls syslogTlsAuth,
    Senders senders,
    ReceiveLimits limits,
    SyslogRoutes routes) {
  private static final String RELP = "127.0.0.1:2514";
  private static final String RELP_TLS = "0.0.0.0:2515";
  private static final String SYSLOG = "0.0.0.0:1514";
  private static final String SYSLOG_TLS = "0.0.0.0:6514";

  /**
   * Reads {@code tls}, {@code limits}, {@code syslog_routes} and the receivers' keys of {@code
   * listen}, which the caller ends.
   */
  public static ReceiveConfig read(Section top, Section listen) {
    Section section = top.section("tls");
    Senders senders = new Senders(Set.copyOf(section.strings("relays")));
    int before = section.faults().all().size();
    ServerTls tls = ServerTls.readMutual(section);
    ServerTls syslogAuth = tls == null ? null : tls.withClients(section, "syslog_client_auth_type");
    section.end();
    if (tls != null && section.faults().all().size() == before) {
      check(tls, section);
    }
    Optional<InetSocketAddress> relpTls =
        listen.has("relp_tls") || tls != null
            ? address(listen, "relp_tls", RELP_TLS, tls != null)
            : Optional.empty();
    Optional<InetSocketAddress> syslogTls = address(listen, "syslog_tls", SYSLOG_TLS, false);
    for (String key : List.of("relp_tls", "syslog_tls")) {
      boolean asked = key.equals("relp_tls") ? relpTls.isPresent() : syslogTls.isPresent();
      if (asked && tls == null && section.faults().all().size() == before) {
        listen.fault(key, key + " needs tls: {cert_file, key_file, client_ca_file}");
      }
    }
    if (!senders.relays().isEmpty() && tls == null) {
      section.warn("relays", "relays without cert_file and key_file have no effect");
    }
    return new ReceiveConfig(
        address(listen, "relp", RELP, true).orElseThrow(),
        relpTls,
        address(listen, "syslog_udp", SYSLOG, false),
        address(listen, "syslog_tcp", SYSLOG, false),
        syslogTls,
        tls,
        syslogAuth,
        senders,
        ReceiveLimits.read(top.section("limits")),
        SyslogRoutes.read(top));
  }

  /** The files now, so that {@code check} finds what is wrong with them. */
  private static void check(ServerTls tls, Section section) {
    try {
      tls.load();
    } catch (ConfigException e) {
      e.faults().forEach(section.faults()::add);
    }
  }

  /** An address, {@code true} for the usual one, {@code false} for none. */
  private static Optional<InetSocketAddress> address(
      Section listen, String key, String usual, boolean otherwise) {
    String text = listen.string(key, otherwise ? "true" : "false");
    boolean mayBeOff = !key.equals("relp");
    if (mayBeOff && text.equals("false")) {
      return Optional.empty();
    }
    try {
      return Optional.of(Addresses.parse(text.equals("true") ? usual : text));
    } catch (IllegalArgumentException e) {
      listen.fault(key, key + " " + e.getMessage() + (mayBeOff ? ", true or false" : ""));
      return Optional.of(Addresses.parse(usual));
    }
  }

  /** What a reload does not change. */
  public List<Object> fixed() {
    List<Object> fixed =
        new ArrayList<>(List.of(relp, relpTls, syslogUdp, syslogTcp, syslogTls, limits));
    fixed.add(tls == null ? "" : tls.files());
    return fixed;
  }
}
