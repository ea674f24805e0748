package vigie.agent.ship;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.Addresses;
import vigie.base.relp.RelpFrame;

/**
 * Where events go and how.
 *
 * @param collector its RELP port, not resolved: the name is looked up at each connect
 * @param windowRecords sent and not answered, at most
 * @param windowBytes likewise
 * @param open most time from connecting to the answer to open
 * @param noAnswer with none for this long while some are due, the session is taken for dead
 * @param reconnectFirst the first pause between connects; each is up to half of the time that the
 *     collector has been away
 * @param reconnectMost the longest pause
 * @param renewAt the txnr at which the session is replaced by a new one: RELP's count ends at
 *     999,999,999
 */
public record ShipConfig(
    InetSocketAddress collector,
    int windowRecords,
    int windowBytes,
    Duration open,
    Duration noAnswer,
    Duration reconnectFirst,
    Duration reconnectMost,
    int renewAt) {

  /** What holds where nothing is set: the collector of the same machine. */
  public static final ShipConfig DEFAULTS =
      new ShipConfig(
          InetSocketAddress.createUnresolved("127.0.0.1", 2514),
          128,
          1024 * 1024,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofMillis(500),
          Duration.ofSeconds(30),
          900_000_000);

  private static final String SCHEME = "relp://";

  public ShipConfig {
    if (windowRecords < 1 || windowBytes < 1) {
      throw new IllegalArgumentException("a window below 1 lets nothing through");
    }
    if (renewAt < 2 || renewAt > RelpFrame.MAX_TXNR - windowRecords - 1) {
      throw new IllegalArgumentException("renewAt " + renewAt + " is out of range");
    }
  }

  /** Reads {@code collector} of the agent's configuration: an address, or a list of them. */
  public static ShipConfig read(Section agent) {
    Value given = agent.value("collector");
    if (given == null) {
      return DEFAULTS;
    }
    // Of a list the first counts; the others are checked and wait for a rule of preference.
    InetSocketAddress collector = DEFAULTS.collector();
    int index = 0;
    for (Value member : given.isList() ? given.list() : List.of(given)) {
      String text = member.string();
      if (text == null) {
        continue;
      }
      try {
        InetSocketAddress address = address(text);
        collector = index++ == 0 ? address : collector;
      } catch (IllegalArgumentException fault) {
        member.fault("collector: " + fault.getMessage());
      }
    }
    return DEFAULTS.to(collector);
  }

  /** The same with another collector. */
  public ShipConfig to(InetSocketAddress other) {
    return new ShipConfig(
        other, windowRecords, windowBytes, open, noAnswer, reconnectFirst, reconnectMost, renewAt);
  }

  /**
   * Reads {@code relp://HOST:PORT}.
   *
   * @throws IllegalArgumentException that quotes the text and says what was expected
   */
  public static InetSocketAddress address(String text) {
    try {
      if (text.startsWith(SCHEME)) {
        InetSocketAddress address = Addresses.parse(text.substring(SCHEME.length()));
        if (address.getPort() > 0) {
          return address;
        }
      }
    } catch (IllegalArgumentException noAddress) {
      throw new IllegalArgumentException(refusal(text), noAddress);
    }
    throw new IllegalArgumentException(refusal(text));
  }

  private static String refusal(String text) {
    return "\"" + text + "\" is not a collector; write relp://HOST:PORT";
  }
}
