package vigie.collector.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A template: text with actions in <code>{{ }}</code>, as Prometheus's alert templates. The
 * variables {@code $labels}, {@code $externalLabels}, {@code $externalURL} and {@code $value} stand
 * for the fields of the same names, capitalised, of the data. Immutable, safe for all threads.
 *
 * <p>Known: {@code if/else if/else}, {@code range} with {@code break} and {@code continue}, {@code
 * with}, {@code define/template}, comments, variables, pipelines, trimming with {@code -}, and what
 * {@link Function} lists. Anything else is refused when parsed.
 */
public final class Template {
  private final String text;
  private final List<Node> nodes;
  private final Map<String, List<Node>> defined;

  Template(String text, List<Node> nodes, Map<String, List<Node>> defined) {
    this.text = text;
    this.nodes = List.copyOf(nodes);
    this.defined = Map.copyOf(defined);
  }

  /**
   * @throws TemplateException that says what is wrong and where
   */
  public static Template parse(String text) {
    return new TemplateParser(text).parse();
  }

  /**
   * The text with every action expanded.
   *
   * @param data what {@code .} is at first; the values are strings, numbers, booleans, {@code
   *     Labels}, {@link Query.Sample}, and lists and maps of these
   * @param query answers {@code query}
   * @param externalUrl where people reach the collector, {@code ""} for nowhere
   * @throws TemplateException if it cannot be expanded, or is longer than 64 Ki characters or
   *     100,000 steps
   */
  public String expand(Map<String, ?> data, Query query, String externalUrl) {
    if (nodes.isEmpty()) {
      return "";
    }
    if (nodes.size() == 1 && nodes.get(0) instanceof Node.Text constant) {
      return constant.text();
    }
    return new Expansion(text, defined, query, externalUrl).run(nodes, data);
  }

  /**
   * One of those that {@code define} names, expanded.
   *
   * @throws TemplateException as {@link #expand(Map, Query, String)}, and if there is none
   */
  public String expand(String name, Map<String, ?> data, Query query, String externalUrl) {
    List<Node> named = defined.get(name);
    if (named == null) {
      throw new TemplateException(text, 0, "template \"" + name + "\" is not defined");
    }
    return new Expansion(text, defined, query, externalUrl).run(named, data);
  }

  /** The names that {@code define} gives, sorted. */
  public Set<String> names() {
    return new TreeSet<>(defined.keySet());
  }

  /** This one, with those of another that it does not define itself. */
  public Template over(Template other) {
    Map<String, List<Node>> all = new HashMap<>(other.defined);
    all.putAll(defined);
    return new Template(text, nodes, all);
  }

  /** As it was written. */
  public String text() {
    return text;
  }

  /** Equal to a template of the same text. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Template t && text.equals(t.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
