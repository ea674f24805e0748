package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import vigie.base.net.Authority;

/**
 * The examples in deploy/ and docs: configurations are judged by the packaged programs and
 * promtool, the files of container engines by compose and kustomize and by what must hold of them.
 */
class DeployFilesIT {
  private static final Path DEPLOY = Program.ROOT.resolve("deploy");
  private static final String SOME_HASH =
      "$2y$05$TDxhX2U4LAVtGPmC9tM3VO9gnkZ6AiZQP5IkwKNeLnz5HTb0qOfMe";

  @TempDir Path dir;

  private static List<Object> documents(String file) throws IOException {
    List<Object> all = new ArrayList<>();
    new Load(LoadSettings.builder().setLabel(file).build())
        .loadAllFromString(Files.readString(DEPLOY.resolve(file)))
        .forEach(all::add);
    return all;
  }

  /** What a path such as {@code services.agent.deploy.mode} leads to; a number is an index. */
  private static Object at(Object from, String path) {
    Object here = from;
    for (String part : path.split("\\.")) {
      here =
          here instanceof List<?> list
              ? list.get(Integer.parseInt(part))
              : ((Map<?, ?>) here).get(part);
      assertThat(here).as(path).isNotNull();
    }
    return here;
  }

  @Test
  void givenEveryYamlFile_whenRead_thenItParsesAndHoldsNoSecret() throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.walk(DEPLOY)) {
      files = all.filter(p -> p.toString().matches(".*\\.(ya?ml)")).toList();
    }
    assertThat(files).hasSizeGreaterThan(20);
    for (Path file : files) {
      String name = DEPLOY.relativize(file).toString();
      assertThat(documents(name)).as(name).isNotEmpty();
      assertThat(Files.readString(file))
          .as(name)
          .doesNotContainPattern("api/webhooks/\\d+/|\\$2[aby]\\$\\d\\d\\$[./A-Za-z0-9]{53}");
    }
  }

  @Test
  void givenStacks_whenRead_thenAgentsSeeTheHostReadOnlyAndNobodyIsRoot() throws Exception {
    for (String file : List.of("swarm/stack.yaml", "compose/compose.yaml")) {
      Object stack = documents(file).get(0);
      for (String service : List.of("agent", "collector")) {
        assertThat(at(stack, "services." + service + ".read_only")).isEqualTo(true);
        assertThat(at(stack, "services." + service + ".cap_drop")).isEqualTo(List.of("ALL"));
      }
      assertThat((List<?>) at(stack, "services.agent.command"))
          .isEqualTo(
              List.of(
                  "run",
                  "--path.procfs=/host/proc",
                  "--path.sysfs=/host/sys",
                  "--path.rootfs=/host"));
      List<String> seen = new ArrayList<>();
      for (Object volume : (List<?>) at(stack, "services.agent.volumes")) {
        if (volume instanceof Map<?, ?> mount && "bind".equals(mount.get("type"))) {
          assertThat(mount.get("read_only")).as(mount.toString()).isEqualTo(true);
          seen.add(String.valueOf(mount.get("source")));
        }
      }
      assertThat(seen).containsExactly("/", "/proc", "/sys");
    }
    Object swarm = documents("swarm/stack.yaml").get(0);
    assertThat(at(swarm, "services.agent.deploy.mode")).isEqualTo("global");
    assertThat(at(swarm, "services.agent.environment.VIGIE_NODE_META_NODE_ID"))
        .isEqualTo("{{.Node.ID}}");
    assertThat(at(swarm, "services.collector.deploy.placement.constraints").toString())
        .contains("node.role == manager");
    ((Map<?, ?>) at(swarm, "secrets"))
        .values()
        .forEach(s -> assertThat(at(s, "external")).isEqualTo(true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"compose/compose.yaml", "swarm/stack.yaml"})
  void givenStack_whenComposeReadsIt_thenItIsTaken(String file) throws Exception {
    Program compose =
        Program.command(
            dir.resolve("compose.log"),
            List.of(
                Program.peer("docker-compose").toString(),
                "--file",
                DEPLOY.resolve(file).toString(),
                "config"));
    assertThat(compose.await()).as(compose.log()).isZero();
    assertThat(compose.log()).contains("--path.rootfs=/host", "DISCORD_WEBHOOK_URL_FILE");
  }

  @ParameterizedTest
  @CsvSource({"base,6", "prometheus-operator,8"})
  void givenKubernetes_whenKustomized_thenEveryObjectHasTheNamespace(String folder, int objects)
      throws Exception {
    Program kustomize =
        Program.command(
            dir.resolve("kustomize.log"),
            List.of(
                Program.peer("kustomize").toString(),
                "build",
                DEPLOY.resolve("kubernetes/" + folder).toString()));
    assertThat(kustomize.await()).as(kustomize.log()).isZero();
    assertThat(kustomize.log().lines().filter("  namespace: vigie"::equals)).hasSize(objects);
    assertThat(kustomize.log()).contains("image: localhost/vigie-agent:latest");
  }

  @ParameterizedTest
  @CsvSource({"agent,/readyz,9100", "collector,/-/ready,9337"})
  void givenKubernetes_whenRead_thenPodsAreNobodyOnAReadOnlyRoot(
      String name, String ready, int port) throws Exception {
    List<Object> objects = documents("kubernetes/base/" + name + ".yaml");
    Object pod = at(objects.get(0), "spec.template.spec");
    assertThat(at(pod, "securityContext.runAsNonRoot")).isEqualTo(true);
    Object container = at(pod, "containers.0");
    assertThat(at(container, "securityContext.readOnlyRootFilesystem")).isEqualTo(true);
    assertThat(at(container, "securityContext.capabilities.drop")).isEqualTo(List.of("ALL"));
    assertThat(at(container, "readinessProbe.httpGet.path")).isEqualTo(ready);
    assertThat(at(container, "ports.0.containerPort")).isEqualTo(port);
    assertThat(at(objects.get(1), "spec.ports.0.port")).isEqualTo(port);
    for (Object volume : (List<?>) at(pod, "volumes")) {
      if (((Map<?, ?>) volume).containsKey("hostPath")) {
        Object mounted = ((Map<?, ?>) volume).get("name");
        assertThat((List<?>) at(container, "volumeMounts"))
            .anyMatch(
                m ->
                    mounted.equals(((Map<?, ?>) m).get("name"))
                        && Boolean.TRUE.equals(((Map<?, ?>) m).get("readOnly")));
      }
    }
    String containerfile = Files.readString(DEPLOY.resolve("images/Containerfile." + name));
    assertThat(containerfile)
        .contains("USER 65532:65532", "EXPOSE " + port, "\"" + port + "\", \"" + ready + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "agent,compose/agent.yaml",
    "collector,compose/collector.yaml",
    "agent,swarm/agent.yaml",
    "collector,swarm/collector.yaml",
    "agent,kubernetes/base/config/agent.yaml",
    "collector,kubernetes/base/config/collector.yaml"
  })
  void givenConfiguration_whenTheProgramChecksIt_thenNoFault(String program, String file)
      throws Exception {
    check(program, Files.readString(DEPLOY.resolve(file)));
  }

  @Test
  void givenGuideOfThePiCluster_whenItsConfigurationsAreChecked_thenNoFault() throws Exception {
    Matcher blocks =
        Pattern.compile("(?s)```yaml\\n# /etc/vigie/(agent|collector)\\.yaml\\n(.*?)```")
            .matcher(Files.readString(Program.ROOT.resolve("docs/pi-cluster.md")));
    int found = 0;
    while (blocks.find()) {
      check(blocks.group(1), blocks.group(2));
      found++;
    }
    assertThat(found).isEqualTo(3);
  }

  @Test
  void givenAnsibleInventory_whenItsConfigurationsAreChecked_thenNoFault() throws Exception {
    new Authority(dir, "ca").issue("node", "p1.example", "DNS:p1.example");
    Object inventory = documents("ansible/inventory.example.yml").get(0);
    Dump yaml = new Dump(DumpSettings.builder().build());
    check("agent", yaml.dumpToString(at(inventory, "vigie_agents.vars.vigie_agent")));
    check(
        "collector", yaml.dumpToString(at(inventory, "vigie_collector.vars.vigie_collector_more")));
  }

  /**
   * Exit 1 is a finding, such as a collector that does not answer; 2 a configuration that is wrong.
   */
  private void check(String program, String config) throws IOException {
    Files.writeString(
        dir.resolve("push-web.yml"), "basic_auth_users: {agent: '" + SOME_HASH + "'}\n");
    Files.writeString(dir.resolve("secret"), "https://discord.example/api/webhooks/1/x\n");
    String here =
        config
            .replaceAll("/run/secrets/vigie[-/]push-web(\\.yml)?", "push-web.yml")
            .replaceAll("/run/secrets/vigie[-/](push-password|discord-webhook)", "secret")
            .replace("push.password", "secret")
            .replaceAll(
                "/(opt/vigie/collector|usr/share/vigie)/alert-rules",
                Program.ROOT.resolve("alert-rules").toString());
    Path file = Files.writeString(dir.resolve(program + ".yaml"), here);
    Program run =
        Program.start(
            dir.resolve("check.log"),
            Map.of("VIGIE_NODE_META_NODE_ID", program.equals("agent") ? "k3xabc" : ""),
            program,
            "check",
            "--config",
            file.toString());
    int exit = run.await();
    assertThat(exit).as(run.log()).isIn(0, 1);
    assertThat(run.log()).doesNotContain(" fault");
  }

  @Test
  void givenPrometheusExamples_whenPromtoolChecksThem_thenTheyAreRight() throws Exception {
    Path rules = Files.createDirectory(dir.resolve("vigie"));
    try (Stream<Path> packs = Files.list(Program.ROOT.resolve("alert-rules"))) {
      for (Path pack : packs.filter(p -> p.toString().matches(".*(?<!_test)\\.yml")).toList()) {
        Files.copy(pack, rules.resolve(pack.getFileName()));
      }
    }
    Path nodes = Files.createDirectory(dir.resolve("nodes"));
    Files.copy(DEPLOY.resolve("prometheus/nodes.yml"), nodes.resolve("nodes.yml"));
    Path config =
        Files.writeString(
            dir.resolve("prometheus.yml"),
            Files.readString(DEPLOY.resolve("prometheus/prometheus.yml"))
                .replace("/etc/prometheus", dir.toString()));
    Program promtool =
        Program.command(
            dir.resolve("promtool.log"),
            List.of(Program.peer("promtool").toString(), "check", "config", config.toString()));
    assertThat(promtool.await()).as(promtool.log()).isZero();
  }
}
