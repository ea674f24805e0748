package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import vigie.base.config.Globs;
import vigie.base.docs.DocPage;

/** Every alert that ships has a page in docs/runbooks, and the other way round. */
class RunbooksTest {
  private static final Path PAGES = DocPage.ROOT.resolve("docs/runbooks");
  private static final String HEAD =
      """
      # Runbooks

      A page for each alert of [alert-rules](../../alert-rules/README.md): what it means, what to look at first, what usually
      helps, when to silence it. The collector serves them at `/runbooks/`, and the annotation `runbook_url` of each rule
      leads there, once `external_url` of collector.yaml says where people reach the collector.

      - Words in capitals stand for what the card says: NODE is the node's name.
      - Lines that begin with `collector` run on the collector's host, or wherever `VIGIE_URL` leads to it; those below
        `# on NODE` run on the node.
      - `collector alerts show NAME` shows an alert with its labels and events, `collector alerts ack NAME` takes it on.

      Made by `RunbooksTest` from the rules.
      """;

  private static Map<String, List<Rule.Alerting>> packs() {
    Map<String, List<Rule.Alerting>> packs = new TreeMap<>();
    for (Path file : Globs.find(DocPage.ROOT.resolve("alert-rules"), "*[!t].yml")) {
      String name = file.getFileName().toString().replace(".yml", "");
      packs.put(name, AlertRulesReferenceTest.alerts(file));
    }
    return packs;
  }

  @Test
  void givenAlerts_whenTheirPagesAreLookedUp_thenEachHasOneAndNoneIsLeftOver() throws IOException {
    Set<String> alerts = new TreeSet<>();
    packs().values().forEach(rules -> rules.forEach(rule -> alerts.add(rule.name())));
    Set<String> pages = new TreeSet<>();
    try (Stream<Path> files = Files.list(PAGES)) {
      files.forEach(file -> pages.add(file.getFileName().toString().replace(".md", "")));
    }
    pages.remove("README");
    assertThat(pages).isEqualTo(alerts);
  }

  @Test
  void givenAlerts_whenTheirLinkIsRead_thenItLeadsToTheirPage() {
    for (List<Rule.Alerting> rules : packs().values()) {
      for (Rule.Alerting rule : rules) {
        assertThat(rule.annotations().get("runbook_url").text())
            .isEqualTo("{{ $externalURL }}/runbooks/" + rule.name());
      }
    }
  }

  @Test
  void givenPages_whenRead_thenEachHasTheFourPartsAndACommand() throws IOException {
    try (Stream<Path> files = Files.list(PAGES)) {
      for (Path file : files.filter(each -> !each.endsWith("README.md")).toList()) {
        DocPage page = DocPage.read(file);
        String name = file.getFileName().toString().replace(".md", "");
        assertThat(page.lines().stream().filter(line -> line.matches("# \\w+|## .*")))
            .as(name)
            .containsExactlyInAnyOrder(
                "# " + name, "## Look first", "## What usually helps", "## When to silence it");
        assertThat(page.blocks().get(0).text()).as(name).isNotBlank();
        // The collector serves no others.
        assertThat(page.links()).as(name).allMatch(link -> link.matches("[A-Za-z]+\\.md"));
      }
    }
  }

  @Test
  void givenPages_whenTheirListIsMade_thenItIsTheOneInTheRepository() throws IOException {
    StringBuilder list = new StringBuilder(HEAD);
    packs()
        .forEach(
            (pack, rules) -> {
              list.append("\n## ").append(pack).append("\n\n");
              for (Rule.Alerting rule : rules) {
                list.append("- [").append(rule.name()).append("](").append(rule.name());
                list.append(".md): ");
                list.append(AlertRulesReferenceTest.annotation(rule, "summary")).append('\n');
              }
            });
    Path readme = PAGES.resolve("README.md");
    if (System.getProperty("golden.update") != null) {
      Files.writeString(readme, list);
    }
    assertThat(list.toString()).isEqualTo(Files.readString(readme));
  }
}
