package vigie.agent.ship;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.relp.RelpFrame;

/**
 * Where events go and how.
 *
 * @param targets in order of preference; at least one
 * @param tls for those of them that are spoken to in TLS
 * @param windowRecords sent and not answered, at most
 * @param windowBytes likewise
 * @param open most time from connecting to the answer to open
 * @param noAnswer with none for this long while some are due, the session is taken for dead
 * @param reconnectFirst the first pause between connects; each is up to half of the time that the
 *     collector has been away
 * @param reconnectMost the longest pause
 * @param renewAt the txnr at which the session is replaced by a new one: RELP's count ends at
 *     999,999,999
 * @param patience for how long one may not answer before the next is tried
 * @param again how often to look whether a preferred one is there again
 */
public record ShipConfig(
    List<Target> targets,
    ShipTls tls,
    int windowRecords,
    int windowBytes,
    Duration open,
    Duration noAnswer,
    Duration reconnectFirst,
    Duration reconnectMost,
    int renewAt,
    Duration patience,
    Duration again) {
  private static final int MOST_TARGETS = 16;

  /** What holds where nothing is set: the collector of the same machine. */
  public static final ShipConfig DEFAULTS =
      new ShipConfig(
          List.of(Target.parse("relp://127.0.0.1:2514")),
          ShipTls.DEFAULTS,
          128,
          1024 * 1024,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofMillis(500),
          Duration.ofSeconds(30),
          900_000_000,
          Duration.ofSeconds(30),
          Duration.ofMinutes(5));

  public ShipConfig {
    targets = List.copyOf(targets);
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("no collector");
    }
    if (windowRecords < 1 || windowBytes < 1) {
      throw new IllegalArgumentException("a window below 1 lets nothing through");
    }
    if (renewAt < 2 || renewAt > RelpFrame.MAX_TXNR - windowRecords - 1) {
      throw new IllegalArgumentException("renewAt " + renewAt + " is out of range");
    }
  }

  /** Reads {@code collector} and {@code tls} of the agent's configuration. */
  public static ShipConfig read(Section agent) {
    ShipTls tls = ShipTls.read(agent.section("tls"));
    Value given = agent.value("collector");
    List<Target> targets = new ArrayList<>();
    if (given != null) {
      for (Value member : given.isList() ? given.list() : List.of(given)) {
        read(member, targets);
      }
      if (targets.size() > MOST_TARGETS) {
        given.fault("collector: at most " + MOST_TARGETS + " can be named");
      }
    }
    if (targets.isEmpty()) {
      return DEFAULTS.to(DEFAULTS.targets(), tls);
    }
    if (agent.has("tls") && targets.stream().noneMatch(Target::tls)) {
      agent.warn("tls", "tls is for collectors with +tls in their address, and none has it");
    }
    return DEFAULTS.to(targets, tls);
  }

  private static void read(Value member, List<Target> targets) {
    String text = member.string();
    if (text == null) {
      return;
    }
    try {
      Target target = Target.parse(text);
      if (targets.contains(target)) {
        member.fault("collector: " + target + " is named twice");
      }
      targets.add(target);
    } catch (IllegalArgumentException fault) {
      member.fault("collector: " + fault.getMessage());
    }
  }

  /** The same with other collectors. */
  public ShipConfig to(List<Target> others, ShipTls otherTls) {
    return new ShipConfig(
        others,
        otherTls,
        windowRecords,
        windowBytes,
        open,
        noAnswer,
        reconnectFirst,
        reconnectMost,
        renewAt,
        patience,
        again);
  }
}
