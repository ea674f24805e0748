package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * What {@code /probe} may be asked for: the targets of the probes themselves, and those that a
 * pattern of {@code probe_targets} takes. Anything else would make the agent everybody's proxy.
 *
 * @param modules by their names
 * @param targets written out
 * @param patterns with wildcards
 */
public record OnDemand(
    Map<String, Modules.Named> modules, Set<String> targets, List<Pattern> patterns) {
  private static final int MOST = 1000;
  private static final int MOST_TEXT = 2048;

  public OnDemand {
    modules = Map.copyOf(modules);
    targets = Set.copyOf(targets);
    patterns = List.copyOf(patterns);
  }

  /** Reads {@code probe_targets}; the rest is read already. */
  public static OnDemand read(
      Section agent, Map<String, Modules.Named> modules, List<ProbeConfig> probes) {
    Set<String> targets = new HashSet<>();
    List<Pattern> patterns = new ArrayList<>();
    probes.forEach(probe -> targets.add(probe.target()));
    for (Value value : agent.list("probe_targets")) {
      String text = value.string();
      if (text == null) {
        continue;
      }
      if (text.isEmpty() || text.length() > MOST_TEXT) {
        value.fault("a target must be 1 to " + MOST_TEXT + " characters");
      } else if (text.indexOf('*') < 0) {
        targets.add(text);
      } else {
        patterns.add(pattern(text));
      }
    }
    if (patterns.size() > MOST) {
      agent.fault("probe_targets", "more than " + MOST + " patterns");
    }
    return new OnDemand(modules, targets, patterns);
  }

  /** {@code *} takes what a host name or a port has, {@code **} takes everything. */
  private static Pattern pattern(String text) {
    StringBuilder expression = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      int star = text.indexOf('*', at);
      if (star < 0) {
        break;
      }
      boolean all = text.startsWith("**", star);
      expression.append(Pattern.quote(text.substring(at, star)));
      expression.append(all ? ".*" : "[^/@?#:\\[\\]]*");
      at = star + (all ? 2 : 1);
    }
    return Pattern.compile(expression.append(Pattern.quote(text.substring(at))).toString());
  }

  /** Whether a target may be probed for whoever asks. */
  public boolean allows(String target) {
    if (targets.contains(target)) {
      return true;
    }
    for (Pattern pattern : patterns) {
      if (pattern.matches(target)) {
        return true;
      }
    }
    return false;
  }

  /** The module of a name, or null. */
  public Modules.@Nullable Named module(String name) {
    return modules.get(name);
  }
}
