package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import java.util.Locale;

/** {@code node_exporter_build_info} and {@code node_meta}: by what dashboards find a node. */
final class IdentityMetrics implements Subject {
  private final Family build =
      Family.gauge(
          "node_exporter_build_info",
          "Version of the agent, which stands in for node_exporter; always 1.");
  private final Family meta =
      Family.gauge("node_meta", "Who the node is in its Docker Swarm; always 1.");
  private final Labels buildLabels;
  private final NodeMeta node;

  /**
   * @param version of the agent
   * @param java of the JVM, which stands where node_exporter tells Go's
   * @param osArch the JVM's {@code os.arch}
   */
  IdentityMetrics(String version, String java, String osArch, NodeMeta node) {
    this.node = node;
    buildLabels =
        Labels.of(
            new String[] {"branch", "goarch", "goos", "goversion", "revision", "tags", "version"},
            new String[] {"vigie", arch(osArch), "linux", "java" + java, "", "", version});
  }

  /** Go's word for an architecture, where the JVM has another. */
  private static String arch(String osArch) {
    return switch (osArch.toLowerCase(Locale.ROOT)) {
      case "x86_64" -> "amd64";
      case "aarch64" -> "arm64";
      case "i386", "x86" -> "386";
      default -> osArch;
    };
  }

  @Override
  public String name() {
    return "identity";
  }

  @Override
  public List<Family> families() {
    return List.of(build, meta);
  }

  @Override
  public void collect() {
    build.add(buildLabels, 1);
    if (!node.nodeId().isEmpty()) {
      meta.add(
          Labels.of(
              "container_label_com_docker_swarm_node_id",
              node.nodeId(),
              "node_id",
              node.nodeId(),
              "node_name",
              node.nodeName()),
          1);
    }
  }
}
