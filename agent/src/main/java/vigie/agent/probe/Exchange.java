package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Shown.Length;
import vigie.base.config.Section;
import vigie.base.config.Value;

/** One step of a dialogue with a peer: blackbox_exporter's {@code query_response}, and our own. */
sealed interface Exchange {

  /**
   * Writes.
   *
   * @param expand whether {@code ${1}} stands for a group of the last expression that matched
   */
  record Send(String text, Charset charset, boolean expand) implements Exchange, Shown {
    /** A password may be sent. */
    @Override
    public Map<String, Object> shown() {
      return Map.of("text", Length.of(text));
    }
  }

  /**
   * Reads lines until one matches. A last line that has no end yet may match as it is.
   *
   * @param refusal a line that ends the waiting, since what is expected will not come; or null
   * @param refused the words for that
   */
  record Line(Pattern expect, @Nullable Labels labels, @Nullable Pattern refusal, String refused)
      implements Exchange {
    Line(Pattern expect) {
      this(expect, null, null, "");
    }
  }

  /** Looks for a match in all that comes, in the first 4 KiB. */
  record Anywhere(Pattern expect) implements Exchange {}

  /**
   * Reads as many bytes as are expected, which must be these.
   *
   * @param bytes one character each
   */
  record Exactly(String bytes) implements Exchange {}

  /** Reads the answer to a request for TLS of a protocol that has no lines. */
  record Granted(Grant by) implements Exchange {}

  /** Begins TLS. */
  record StartTls() implements Exchange {}

  /** How an answer grants TLS. */
  interface Grant {
    /** True: yes; null: not all of it is here; an exception's message: why not. */
    @Nullable Boolean look(byte[] bytes, int length) throws Refused;
  }

  /** The peer says no. */
  final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String why) {
      super(why, null, false, false);
    }
  }

  /**
   * The labels of {@code probe_expect_info}.
   *
   * @param values with {@code ${1}} for groups
   */
  record Labels(Measure measure, List<String> values) implements Shown {
    static final String NAME = "probe_expect_info";
    static final String HELP = "Always 1; what the answer held is in the labels.";

    public Labels {
      values = List.copyOf(values);
    }

    @Override
    public Map<String, Object> shown() {
      Map<String, Object> all = new LinkedHashMap<>();
      for (int i = 0; i < values.size(); i++) {
        all.put(measure.labelNames().get(i), values.get(i));
      }
      return all;
    }
  }

  /** The list {@code query_response}, in the grammar of blackbox_exporter. */
  static List<Exchange> readAll(Section section) {
    List<Exchange> all = new ArrayList<>();
    for (Section each : section.sections("query_response")) {
      read(each, all);
    }
    return all;
  }

  private static void read(Section section, List<Exchange> into) {
    Labels labels = labels(section);
    Pattern expect = Patterns.read(section, "expect");
    if (expect != null) {
      into.add(new Line(expect, labels, null, ""));
    }
    Value bytes = section.value("expect_bytes");
    if (bytes != null) {
      if (expect != null) {
        section.fault("expect_bytes", "expect and expect_bytes exclude each other");
      }
      byte[] content = bytes.content();
      into.add(
          new Exactly(content == null ? "" : new String(content, StandardCharsets.ISO_8859_1)));
    }
    if (labels != null && expect == null) {
      section.fault("labels", "labels want an expect to take their values from");
    }
    Value send = section.value("send");
    if (send != null) {
      byte[] content = send.content();
      if (content != null && content.length > 0) {
        Charset charset = send.isBinary() ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
        into.add(new Send(new String(content, charset) + "\n", charset, expect != null));
      }
    }
    if (section.bool("starttls", false)) {
      into.add(new StartTls());
    }
    section.end();
  }

  private static @Nullable Labels labels(Section section) {
    List<String> names = new ArrayList<>();
    List<String> values = new ArrayList<>();
    for (Section each : section.sections("labels")) {
      names.add(each.requiredString("name"));
      values.add(each.string("value", ""));
      each.end();
    }
    return names.isEmpty()
        ? null
        : new Labels(new Measure(Labels.NAME, Labels.HELP, names), values);
  }
}
