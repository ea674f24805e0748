package vigie.agent.metric;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * {@code node_meta:} of {@code agent.yaml}: who this node is in a Docker Swarm, for dashboards and
 * rules that join on {@code node_meta}. Nothing is told unless an id is given: it names a node to
 * everybody who may scrape.
 *
 * @param nodeId empty: nothing is told
 */
public record NodeMeta(String nodeId, String nodeName) {
  public static final NodeMeta NONE = new NodeMeta("", "");
  private static final int MOST = 255;

  /**
   * Reads the section: {@code node_id} and {@code node_name}, or the files that hold them in {@code
   * node_id_file} and {@code node_name_file}; as any key, also from the environment.
   *
   * @param node the name where none is given
   */
  public static NodeMeta read(Section section, String node) {
    String id = text(section, "node_id");
    String name = text(section, "node_name");
    section.end();
    if (id.isEmpty()) {
      if (!name.isEmpty()) {
        section.fault("node_meta has a node_name but no node_id; nothing would be told");
      }
      return NONE;
    }
    return new NodeMeta(id, name.isEmpty() ? node : name);
  }

  private static String text(Section section, String key) {
    String text = section.string(key, "");
    Value file = section.value(key + "_file");
    if (file != null) {
      if (!text.isEmpty()) {
        file.fault(key + " and " + key + "_file are both given; leave one out");
      }
      text = content(file);
    }
    if (text.length() > MOST) {
      section.fault(key, key + " is longer than " + MOST + " characters");
      return "";
    }
    return text;
  }

  private static String content(Value value) {
    Path file = value.path();
    if (file == null) {
      return "";
    }
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MOST + 2), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      value.fault("cannot read " + file + ": " + e);
      return "";
    }
  }
}
