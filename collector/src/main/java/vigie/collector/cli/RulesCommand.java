package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import vigie.base.config.Globs;
import vigie.base.time.Clock;
import vigie.collector.dispatch.Routing;
import vigie.collector.rule.RuleCheck;
import vigie.collector.rule.RuleTests;

/** {@code collector rules check | test | list}; the first two need no running collector. */
@Command(
    name = "rules",
    description = "Alerting and recording rules.",
    subcommands = {RulesCommand.Check.class, RulesCommand.Test.class, RulesCommand.ListRules.class})
final class RulesCommand {
  private final RuleTests tests;
  private final Function<Path, Routing> routing;
  private final SampleFiles samples;

  /**
   * @param routing reads the routes of a configuration
   * @param samples reaches samples where they are stored
   */
  RulesCommand(RuleTests tests, Function<Path, Routing> routing, SampleFiles samples) {
    this.tests = tests;
    this.routing = routing;
    this.samples = samples;
  }

  @Command(
      name = "check",
      description =
          "Check rule files: grammar, expressions, templates, and what can never fire. Names file, line and construct of every fault.",
      footer = {
        "",
        "Examples:",
        "  collector rules check alert-rules/*.yml",
        "  collector rules check --config collector.yaml --seen my-rules.yml",
        "  collector rules check --seen --storage /var/lib/vigie my-rules.yml"
      })
  static final class Check implements Callable<Integer> {
    @ParentCommand private @Nullable RulesCommand parent;
    @Mixin Output output = new Output();

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "a configuration: also find labels that its routes go by and a rule drops")
    @Nullable Path config;

    @Option(
        names = "--seen",
        description =
            "ask the running collector for what the rules read, and name what was never there")
    boolean seen;

    @Option(
        names = "--storage",
        paramLabel = "FOLDER",
        description = "with --seen: look into the storage.path of a collector that is stopped")
    @Nullable Path storage;

    @Option(names = "--lint-fatal", description = "a warning is a fault")
    boolean lintFatal;

    @Option(
        names = "--url",
        paramLabel = "URL",
        description = "the collector to ask (default: VIGIE_URL, else http://127.0.0.1:9337)")
    @Nullable String url;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "rule files")
    List<Path> files = List.of();

    @Override
    public Integer call() {
      if (parent == null) {
        throw new IllegalStateException("BUG: check outside of rules");
      }
      Map<String, String> labels =
          config == null ? Map.of() : parent.routing.apply(config).labels();
      boolean well;
      if (seen && storage != null) {
        try (SampleFiles.Kept kept = parent.samples.open(storage)) {
          well = run(labels, kept::has);
        } catch (IOException e) {
          throw new CliException(2, String.valueOf(e.getMessage()));
        }
      } else {
        well = run(labels, seen ? this::wasSeen : null);
      }
      output.out().flush();
      return well ? 0 : 1;
    }

    private boolean run(Map<String, String> labels, @Nullable Predicate<String> asked) {
      return new RuleCheck(labels, asked, lintFatal).run(Globs.expand(files), output.out());
    }

    /** Whether the collector keeps a series that matches; true once it could not be asked. */
    private boolean wasSeen(String selector) {
      if (!seen) {
        return true;
      }
      try {
        Client.Parameters parameters =
            new Client.Parameters().add("match[]", selector).add("start", "0").add("limit", "1");
        ReadOptions read = new ReadOptions();
        read.url = url;
        return !read.client().get("/api/v1/series", parameters).path("data").isEmpty();
      } catch (CliException e) {
        seen = false;
        output.out().println("note: what has been seen was not looked at: " + e.getMessage());
        return true;
      }
    }
  }

  @Command(
      name = "test",
      description = "Run unit tests of rules, in promtool's format.",
      footer = {"", "Example:", "  collector rules test alert-rules/*_test.yml"})
  static final class Test implements Callable<Integer> {
    @ParentCommand private @Nullable RulesCommand parent;
    @Mixin Output output = new Output();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "test files")
    List<Path> files = List.of();

    @Override
    public Integer call() {
      if (parent == null) {
        throw new IllegalStateException("BUG: test outside of rules");
      }
      boolean well = parent.tests.run(Globs.expand(files), output.out());
      output.out().flush();
      return well ? 0 : 1;
    }
  }

  @Command(
      name = "list",
      description =
          "What the running collector evaluates: state, last evaluation, how long it took, and what part of a processor that is at its interval (COST).",
      footer = {"", "Example:", "  collector rules list --sort-by state"})
  static final class ListRules implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Override
    public Integer call() {
      JsonNode groups =
          read.client().get("/api/v1/rules", new Client.Parameters()).path("data").path("groups");
      Table table =
          new Table(
              List.of("GROUP", "RULE", "STATE", "HEALTH", "EVALUATED", "TOOK", "COST", "ERROR"));
      boolean well = true;
      for (JsonNode group : groups) {
        for (JsonNode rule : group.path("rules")) {
          boolean never = rule.path("lastEvaluation").asText().startsWith("0001");
          Duration took = Duration.ofNanos((long) (rule.path("evaluationTime").asDouble() * 1e9));
          well &= !rule.path("health").asText().equals("err");
          table.add(
              List.of(
                  group.path("name").asText(),
                  rule.path("name").asText(),
                  rule.path("state").asText("recording"),
                  rule.path("health").asText(),
                  never
                      ? "never"
                      : Times.ago(rule.path("lastEvaluation").asText(), Clock.system().now())
                          + " ago",
                  String.format(Locale.ROOT, "%.1fms", took.toNanos() / 1e6),
                  // Of a CPU, while it is evaluated at each interval.
                  String.format(
                      Locale.ROOT,
                      "%.3f%%",
                      took.toNanos() / 1e7 / group.path("interval").asDouble()),
                  rule.path("lastError").asText()));
        }
      }
      read.print(table, groups, "no rules are loaded: set rule_files");
      return well ? 0 : 1;
    }
  }
}
