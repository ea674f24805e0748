package vigie.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.facts.FactsConfig;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.NodeMeta;
import vigie.agent.probe.Modules;
import vigie.agent.probe.OnDemand;
import vigie.agent.probe.Peers;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.push.PushConfig;
import vigie.agent.reader.Roots;
import vigie.agent.ship.ShipConfig;
import vigie.agent.source.SourcesConfig;
import vigie.agent.spool.SpoolConfig;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.http.WebAccess;
import vigie.base.net.Addresses;

/**
 * All of {@code agent.yaml}; each feature reads its own part.
 *
 * @param node the name of this node in events; the host name unless configured
 * @param probes those of {@code probes:} and those of {@code peers:}
 * @param labels further facts about the node, shown as {@code vigie_node_labels}
 * @param listen where {@code /metrics} is served
 * @param webConfig whom that lets in, a file in the exporter-toolkit's format; null for everybody
 */
record AgentConfig(
    String node,
    Map<String, String> labels,
    InetSocketAddress listen,
    @Nullable Path webConfig,
    CollectorsConfig collectors,
    NodeMeta nodeMeta,
    FactsConfig facts,
    List<ProbeConfig> probes,
    OnDemand onDemand,
    SourcesConfig sources,
    SpoolConfig spool,
    ShipConfig ship,
    @Nullable PushConfig push) {
  static final Path DEFAULT_FILE = Path.of("/etc/vigie/agent.yaml");
  static final InetSocketAddress LISTEN = InetSocketAddress.createUnresolved("0.0.0.0", 9100);
  private static final int MOST_LABELS = 64;
  private static final int MOST_LABEL = 1024;
  private static final int MOST_NODE = 255;

  AgentConfig {
    labels = Map.copyOf(labels);
    probes = List.copyOf(probes);
  }

  /**
   * Reads the file that is given; without one the default file, and where that is missing nothing
   * but the environment and the defaults.
   *
   * @param faults takes every fault and warning; the answer is of use only where there is no fault
   * @throws vigie.base.config.ConfigException if the file cannot be read as YAML at all
   */
  static AgentConfig load(
      @Nullable Path given, Roots roots, Map<String, String> environment, Faults faults) {
    Path file = given != null ? given : DEFAULT_FILE;
    boolean bare = given == null && !Files.exists(file);
    return read(
        bare ? Yaml.parse(file, "", environment, faults) : Yaml.load(file, environment, faults),
        roots);
  }

  /** Reads the top section. */
  static AgentConfig read(Section top, Roots roots) {
    Map<String, Modules.Named> modules = Modules.readAll(top);
    String node = node(top, roots);
    List<ProbeConfig> probes = new ArrayList<>(ProbeConfig.readAll(top, modules));
    probes.addAll(Peers.readAll(top, node));
    AgentConfig config =
        new AgentConfig(
            node,
            labels(top.section("labels")),
            listen(top),
            webConfig(top),
            CollectorsConfig.read(top.section("collectors")),
            NodeMeta.read(top.section("node_meta"), node),
            FactsConfig.read(top.section("facts")),
            probes,
            OnDemand.read(top, modules, probes),
            SourcesConfig.read(top),
            SpoolConfig.read(top.section("spool")),
            ShipConfig.read(top),
            PushConfig.read(top));
    top.end();
    return config;
  }

  private static String node(Section top, Roots roots) {
    Value value = top.value("node");
    String name = value == null ? hostName(roots) : value.string();
    if (name == null) {
      return "";
    }
    boolean usable =
        !name.isEmpty()
            && name.length() <= MOST_NODE
            && name.chars().allMatch(c -> c > ' ' && c < 0x7F);
    if (!usable) {
      String message =
          "node \""
              + name
              + "\" must be 1 to "
              + MOST_NODE
              + " ASCII characters without blanks, since it is the host name in events";
      if (value != null) {
        value.fault(message);
      } else {
        top.fault(message + "; set node");
      }
    }
    return name;
  }

  private static String hostName(Roots roots) {
    try {
      return Files.readString(roots.procfs().resolve("sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "localhost";
    }
  }

  private static Map<String, String> labels(Section section) {
    Map<String, String> labels = new LinkedHashMap<>();
    for (Map.Entry<String, String> label : section.stringMap().entrySet()) {
      String name = label.getKey();
      if (!isLabelName(name) || name.equals("node")) {
        section.fault(
            name,
            "label \""
                + name
                + "\" must be letters, digits and _, not begin with a digit or __, and not be node");
      } else if (label.getValue().length() > MOST_LABEL) {
        section.fault(name, "label \"" + name + "\" is longer than " + MOST_LABEL + " characters");
      } else {
        labels.put(name, label.getValue());
      }
    }
    if (labels.size() > MOST_LABELS) {
      section.fault("more than " + MOST_LABELS + " labels");
    }
    return labels;
  }

  private static boolean isLabelName(String name) {
    return !name.isEmpty()
        && !name.startsWith("__")
        && !Character.isDigit(name.charAt(0))
        && name.chars()
            .allMatch(
                c ->
                    c == '_'
                        || (c >= '0' && c <= '9')
                        || (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z'));
  }

  private static @Nullable Path webConfig(Section top) {
    Value value = top.value("web_config_file");
    Path file = value == null ? null : value.path();
    if (file != null) {
      WebAccess.check(file, top.faults());
    }
    return file;
  }

  private static InetSocketAddress listen(Section top) {
    Value value = top.value("listen");
    String text = value == null ? null : value.string();
    if (value == null || text == null) {
      return LISTEN;
    }
    try {
      return Addresses.parse(text);
    } catch (IllegalArgumentException e) {
      value.fault("listen " + e.getMessage());
      return LISTEN;
    }
  }
}
