package vigie.collector.api.alertmanager;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.collector.dispatch.Matchers;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.LabelMatcher.Op;
import vigie.collector.label.Labels;
import vigie.collector.label.Regex;

/**
 * Which alerts a request asks for. Of one request, so that an expression is asked about each value
 * once, however many alerts have it. Not safe for several threads.
 */
final class AlertFilters {
  private final List<LabelMatcher> matchers;

  /** For each matcher with an expression what it said of a value; null for the others. */
  private final List<@Nullable Map<String, Boolean>> verdicts = new ArrayList<>();

  private final @Nullable Regex receiver;
  private final Map<List<String>, Boolean> receivers = new HashMap<>();
  private final boolean active;
  private final boolean silenced;
  private final boolean inhibited;
  private final boolean muted;

  AlertFilters(HttpRequest request) {
    matchers = matchers(request);
    for (LabelMatcher matcher : matchers) {
      boolean regex = matcher.op() == Op.REGEX || matcher.op() == Op.NOT_REGEX;
      verdicts.add(regex ? new HashMap<>() : null);
    }
    String text = request.parameter("receiver");
    try {
      receiver = text.isEmpty() ? null : Regex.of(text);
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, "failed to parse receiver param: " + e.getMessage());
    }
    active = Guarded.flag(request, "active");
    silenced = Guarded.flag(request, "silenced");
    inhibited = Guarded.flag(request, "inhibited");
    muted = Guarded.flag(request, "muted");
    Guarded.flag(request, "unprocessed"); // none of ours is
  }

  /** The matchers of all {@code filter} parameters. */
  static List<LabelMatcher> matchers(HttpRequest request) {
    List<LabelMatcher> all = new ArrayList<>();
    for (String text : request.parameters("filter")) {
      try {
        all.addAll(Matchers.parse(text));
      } catch (IllegalArgumentException e) {
        throw new HttpFault(400, "bad matcher format: " + e.getMessage());
      }
    }
    return all;
  }

  boolean takes(Labels labels) {
    for (int i = 0; i < matchers.size(); i++) {
      LabelMatcher matcher = matchers.get(i);
      Map<String, Boolean> known = verdicts.get(i);
      String value = labels.get(matcher.name());
      boolean matches =
          known == null ? matcher.matches(value) : known.computeIfAbsent(value, matcher::matches);
      if (!matches) {
        return false;
      }
    }
    return true;
  }

  /** Whether one of the receivers is asked for. */
  boolean takes(List<String> names) {
    Regex wanted = receiver;
    return wanted == null
        || receivers.computeIfAbsent(names, all -> all.stream().anyMatch(wanted::matches));
  }

  boolean takes(AlertStanding standing) {
    return (active || standing.isSuppressed())
        && (silenced || standing.silencedBy().isEmpty())
        && (inhibited || standing.inhibitedBy().isEmpty())
        && (muted || standing.mutedBy().isEmpty());
  }
}
