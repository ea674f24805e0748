package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Nearest;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.dns.DnsMessage;
import vigie.base.dns.DnsNames;
import vigie.base.net.Addresses;

/**
 * Asks a DNS server one question, with the keys of blackbox_exporter's dns module.
 *
 * @param security null where the connection is not over TLS
 * @param name in question, as configured
 * @param rcodes with which an answer is good
 */
record DnsModule(
    AddressChoice addresses,
    boolean tcp,
    @Nullable TlsSettings security,
    String name,
    int type,
    int klass,
    boolean recursion,
    List<Integer> rcodes,
    DnsValidator answer,
    DnsValidator authority,
    DnsValidator additional)
    implements Module {
  static final String PROBER = "dns";
  private static final int PORT = 53;
  private static final int TLS_PORT = 853;

  static DnsModule read(Section section) {
    boolean tls = section.bool("dns_over_tls", false);
    String transport = section.string("transport_protocol", "udp");
    if (!transport.equals("udp") && !transport.equals("tcp")) {
      section.fault(
          "transport_protocol", "transport_protocol \"" + transport + "\" is not udp or tcp");
    } else if (tls && transport.equals("udp")) {
      section.fault("dns_over_tls", "dns_over_tls wants transport_protocol: tcp");
    }
    TlsSettings settings = TlsSettings.read(section);
    return new DnsModule(
        AddressChoice.readWithSource(section).onlyOne(),
        transport.equals("tcp"),
        tls ? settings : null,
        name(section),
        word(section, "query_type", "ANY", DnsNames::typeOf, DnsNames.types()),
        word(section, "query_class", "IN", DnsNames::classOf, DnsNames.classes()),
        section.bool("recursion_desired", true),
        rcodes(section),
        DnsValidator.read(section, "validate_answer_rrs"),
        DnsValidator.read(section, "validate_authority_rrs"),
        DnsValidator.read(section, "validate_additional_rrs"));
  }

  private static String name(Section section) {
    String name = section.requiredString("query_name");
    if (!name.isEmpty()) {
      try {
        DnsMessage.name(name);
        return name;
      } catch (IllegalArgumentException e) {
        section.fault("query_name", "query_name " + e.getMessage());
      }
    }
    return ".";
  }

  private static int word(
      Section section,
      String key,
      String otherwise,
      Function<String, @Nullable Integer> find,
      Collection<String> known) {
    String text = section.string(key, otherwise);
    Integer number = find.apply(text);
    if (number == null) {
      String nearest = Nearest.of(text, known);
      section.fault(
          key,
          key
              + " \""
              + text
              + "\" is unknown"
              + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"));
      return 0;
    }
    return number;
  }

  private static List<Integer> rcodes(Section section) {
    List<Integer> all = new ArrayList<>();
    for (Value each : section.list("valid_rcodes")) {
      String text = each.string();
      Integer rcode = text == null ? null : DnsNames.rcodeOf(text);
      if (rcode != null) {
        all.add(rcode);
      } else if (text != null) {
        each.fault("valid_rcodes \"" + text + "\" is unknown; write NOERROR or NXDOMAIN");
      }
    }
    return all.isEmpty() ? List.of(0) : List.copyOf(all);
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    server(target);
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new DnsProbe(this, server(target), timeout, tools);
  }

  /** The server, its port 53 or 853 where none is given. */
  private InetSocketAddress server(String target) {
    int port = security == null ? PORT : TLS_PORT;
    if (NetUtil.isValidIpV6Address(target)) {
      return InetSocketAddress.createUnresolved(target, port);
    }
    boolean hasPort = target.lastIndexOf(':') > target.lastIndexOf(']');
    InetSocketAddress server = Addresses.parse(hasPort ? target : target + ":" + port);
    if (server.getPort() == 0 || target.isEmpty() || target.startsWith(":")) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is not a server; write HOST or HOST:PORT with a port from 1");
    }
    return server;
  }
}
