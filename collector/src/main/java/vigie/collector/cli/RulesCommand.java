package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import vigie.base.config.Globs;
import vigie.base.time.Clock;
import vigie.collector.rule.RuleCheck;
import vigie.collector.rule.RuleTests;

/** {@code collector rules check | test | list}; the first two need no running collector. */
@Command(
    name = "rules",
    description = "Alerting and recording rules.",
    subcommands = {RulesCommand.Check.class, RulesCommand.Test.class, RulesCommand.ListRules.class})
final class RulesCommand {
  private final RuleTests tests;

  RulesCommand(RuleTests tests) {
    this.tests = tests;
  }

  @Command(
      name = "check",
      description =
          "Check rule files: grammar, expressions, templates. Names file, line and construct of every fault.",
      footer = {"", "Example:", "  collector rules check alert-rules/*.yml"})
  static final class Check implements Callable<Integer> {
    @Mixin Output output = new Output();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "rule files")
    List<Path> files = List.of();

    @Override
    public Integer call() {
      boolean well = new RuleCheck().run(Globs.expand(files), output.out());
      output.out().flush();
      return well ? 0 : 1;
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
      description = "What the running collector evaluates: state, last evaluation, cost.",
      footer = {"", "Example:", "  collector rules list --sort-by state"})
  static final class ListRules implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Override
    public Integer call() {
      JsonNode groups =
          read.client().get("/api/v1/rules", new Client.Parameters()).path("data").path("groups");
      Table table =
          new Table(List.of("GROUP", "RULE", "STATE", "HEALTH", "EVALUATED", "TOOK", "ERROR"));
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
                  String.format("%.1fms", took.toNanos() / 1e6),
                  rule.path("lastError").asText()));
        }
      }
      read.print(table, groups, "no rules are loaded: set rule_files");
      return well ? 0 : 1;
    }
  }
}
