package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.probe.Exchange.Anywhere;
import vigie.agent.probe.Exchange.Send;
import vigie.base.config.Section;
import vigie.base.net.Addresses;

/**
 * Connects to {@code HOST:PORT} and, where asked for, holds a dialogue.
 *
 * @param tls whether TLS begins with the connection
 * @param security for that and for STARTTLS
 * @param dialogue empty where a connection is enough
 */
record TcpModule(
    AddressChoice addresses, boolean tls, TlsSettings security, List<Exchange> dialogue)
    implements Module {
  static final String PROBER = "tcp";

  /** A connection alone. */
  static final TcpModule CONNECT =
      new TcpModule(AddressChoice.ALL, false, TlsSettings.DEFAULT, List.of());

  static final List<Measure> MEASURES =
      List.of(
          Dial.LOOKUP,
          Dial.PROTOCOL,
          Dial.HASH,
          Conversation.FAILED_REGEX,
          Conversation.FAILED_BYTES,
          new Measure(Exchange.Labels.NAME, Exchange.Labels.HELP, List.of()),
          TlsPeer.EARLIEST,
          TlsPeer.CHAIN_EXPIRY,
          TlsPeer.CHAIN_INFO,
          TlsPeer.VERSION);
  private static final int MOST_TEXT = 4096;

  TcpModule {
    dialogue = List.copyOf(dialogue);
  }

  static TcpModule read(Section section) {
    AddressChoice addresses = AddressChoice.readWithSource(section);
    boolean tls = section.bool("tls", false);
    TlsSettings security = TlsSettings.read(section);
    return new TcpModule(addresses, tls, security, dialogue(section, tls));
  }

  /** What is sent and expected, in blackbox_exporter's grammar or in short. */
  static List<Exchange> dialogue(Section section, boolean tls) {
    List<Exchange> dialogue = Exchange.readAll(section);
    List<Exchange> flat = flat(section, tls);
    if (!dialogue.isEmpty() && !flat.isEmpty()) {
      section.fault(
          "query_response",
          "query_response and the short starttls, send, expect exclude each other");
    }
    return dialogue.isEmpty() ? flat : dialogue;
  }

  /** {@code starttls: smtp}, {@code send} and {@code expect}: one of each, in this order. */
  private static List<Exchange> flat(Section section, boolean tls) {
    List<Exchange> all = new ArrayList<>();
    String protocol = section.string("starttls");
    if (protocol != null) {
      List<Exchange> known = StartTlsDialogue.ALL.get(protocol);
      if (known == null) {
        section.fault(
            "starttls",
            "starttls \""
                + protocol
                + "\" is not one of "
                + String.join(", ", StartTlsDialogue.ALL.keySet()));
      } else if (tls) {
        section.fault("starttls", "starttls asks for TLS, and tls: true has it already");
      } else {
        all.addAll(known);
      }
    }
    String send = section.string("send");
    if (send != null && send.length() > MOST_TEXT) {
      section.fault("send", "send is longer than " + MOST_TEXT + " characters");
    } else if (send != null && !send.isEmpty()) {
      all.add(new Send(send, StandardCharsets.UTF_8, false));
    }
    Pattern expect = Patterns.read(section, "expect");
    if (expect != null) {
      all.add(new Anywhere(expect));
    }
    return all;
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    checkHostAndPort(target);
  }

  /**
   * Whether a text is {@code HOST:PORT} of a peer.
   *
   * @throws IllegalArgumentException that quotes it and says what was expected
   */
  static void checkHostAndPort(String target) {
    InetSocketAddress address = Addresses.parse(target);
    if (address.getPort() == 0 || target.startsWith(":")) {
      throw new IllegalArgumentException(
          "\"" + target + "\" names no target; write HOST:PORT with a port from 1");
    }
  }

  @Override
  public Module forHost(String name) {
    return new TcpModule(addresses, tls, security.orNamed(name), dialogue);
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new TcpProbe(this, Addresses.parse(target), timeout, tools);
  }
}
