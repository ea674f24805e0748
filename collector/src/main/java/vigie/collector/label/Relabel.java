package vigie.collector.label;

import com.google.re2j.Matcher;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * One step of Prometheus's {@code relabel_config}.
 *
 * @param sourceLabels joined by {@code separator} they are what {@code regex} looks at
 * @param modulus for {@code hashmod}
 * @param replacement may hold {@code $1} or {@code ${name}}
 */
public record Relabel(
    List<String> sourceLabels,
    String separator,
    Regex regex,
    long modulus,
    String targetLabel,
    String replacement,
    Action action) {
  /** What a step does. */
  public enum Action {
    REPLACE,
    KEEP,
    DROP,
    KEEPEQUAL,
    DROPEQUAL,
    HASHMOD,
    LABELMAP,
    LABELDROP,
    LABELKEEP,
    LOWERCASE,
    UPPERCASE
  }

  /** Reads the steps under {@code key}; faults go to the section. */
  public static List<Relabel> readAll(Section section, String key) {
    List<Relabel> steps = new ArrayList<>();
    for (Section step : section.sections(key)) {
      steps.add(read(step));
    }
    return steps;
  }

  private static Relabel read(Section step) {
    Value given = step.value("action");
    String name = given == null ? "replace" : String.valueOf(given.string());
    Action action = Action.REPLACE;
    try {
      action = Action.valueOf(name.toUpperCase(java.util.Locale.ROOT));
    } catch (IllegalArgumentException e) {
      step.fault(
          "action",
          "unknown action \""
              + name
              + "\"; known: replace, keep, drop, keepequal, dropequal, hashmod,"
              + " labelmap, labeldrop, labelkeep, lowercase, uppercase");
    }
    Regex regex = Regex.of(".*");
    try {
      regex = Regex.of(step.string("regex", "(.*)"));
    } catch (IllegalArgumentException e) {
      step.fault("regex", String.valueOf(e.getMessage()));
    }
    Relabel relabel =
        new Relabel(
            step.strings("source_labels"),
            step.has("separator") ? step.string("separator", ";") : emptyOr(step, "separator", ";"),
            regex,
            step.integer("modulus", 0, 1, Long.MAX_VALUE),
            step.string("target_label", ""),
            step.has("replacement")
                ? step.string("replacement", "$1")
                : emptyOr(step, "replacement", "$1"),
            action);
    boolean needsTarget =
        switch (action) {
          case REPLACE, HASHMOD, LOWERCASE, UPPERCASE, KEEPEQUAL, DROPEQUAL -> true;
          default -> false;
        };
    if (needsTarget && relabel.targetLabel.isEmpty()) {
      step.fault("action", "relabel action " + name + " needs target_label");
    }
    if (action == Action.HASHMOD && relabel.modulus == 0) {
      step.fault("action", "relabel action hashmod needs modulus");
    }
    step.end();
    return relabel;
  }

  /** An empty text is a value here: {@code replacement: ""} removes the label. */
  private static String emptyOr(Section step, String key, String otherwise) {
    return step.keys().contains(key) ? "" : otherwise;
  }

  /** The labels after all steps, or null where one dropped them. */
  public static @Nullable Labels apply(List<Relabel> steps, Labels labels) {
    Labels current = labels;
    for (Relabel step : steps) {
      Labels next = step.apply(current);
      if (next == null) {
        return null;
      }
      current = next;
    }
    return current;
  }

  private @Nullable Labels apply(Labels labels) {
    switch (action) {
      case KEEP:
        return regex.matches(source(labels)) ? labels : null;
      case DROP:
        return regex.matches(source(labels)) ? null : labels;
      case KEEPEQUAL:
        return source(labels).equals(labels.get(targetLabel)) ? labels : null;
      case DROPEQUAL:
        return source(labels).equals(labels.get(targetLabel)) ? null : labels;
      case HASHMOD:
        return labels.with(
            targetLabel, Long.toString(Long.remainderUnsigned(md5Tail(source(labels)), modulus)));
      case LOWERCASE:
        return labels.with(targetLabel, source(labels).toLowerCase(java.util.Locale.ROOT));
      case UPPERCASE:
        return labels.with(targetLabel, source(labels).toUpperCase(java.util.Locale.ROOT));
      case REPLACE:
        Matcher matcher = regex.matcher(source(labels));
        if (!matcher.matches()) {
          return labels;
        }
        String target = Regex.expand(matcher, targetLabel);
        return target.isEmpty() ? labels : labels.with(target, Regex.expand(matcher, replacement));
      default:
        return byName(labels);
    }
  }

  /** labelmap, labeldrop and labelkeep look at names. */
  private Labels byName(Labels labels) {
    Labels.Builder out = labels.toBuilder();
    for (Map.Entry<String, String> label : labels.toMap().entrySet()) {
      Matcher matcher = regex.matcher(label.getKey());
      boolean matches = matcher.matches();
      if (action == Action.LABELMAP && matches) {
        String name = Regex.expand(matcher, replacement);
        if (!name.isEmpty()) {
          out.set(name, label.getValue());
        }
      } else if (action == Action.LABELDROP && matches || action == Action.LABELKEEP && !matches) {
        out.set(label.getKey(), "");
      }
    }
    return out.build();
  }

  private String source(Labels labels) {
    if (sourceLabels.size() == 1) {
      return labels.get(sourceLabels.get(0));
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < sourceLabels.size(); i++) {
      out.append(i == 0 ? "" : separator).append(labels.get(sourceLabels.get(i)));
    }
    return out.toString();
  }

  /** The last eight bytes of the MD5, as Prometheus takes them. */
  private static long md5Tail(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
      long tail = 0;
      for (int i = 8; i < 16; i++) {
        tail = tail << 8 | digest[i] & 0xff;
      }
      return tail;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("BUG: every JVM has MD5", e);
    }
  }
}
