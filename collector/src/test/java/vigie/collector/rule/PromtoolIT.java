package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Globs;

/** The real promtool and our own test runner say the same of the same files. */
class PromtoolIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", "..")).toAbsolutePath();
  private static final Path PACKS = ROOT.resolve("alert-rules");
  private static final Path GIVEN = Path.of("src/test/resources/ruletests").toAbsolutePath();

  @TempDir Path folder;

  /** Its output, and whether it was content. */
  private record Answer(boolean good, String text) {}

  private Answer promtool(List<String> words, List<Path> files)
      throws IOException, InterruptedException {
    Path program = ROOT.resolve("target/peers/bin/promtool");
    assertThat(program)
        .withFailMessage("%s is missing; run: deploy/peers.sh install target/peers", program)
        .isExecutable();
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(words);
    files.forEach(file -> command.add(file.toString()));
    Path output = folder.resolve("promtool.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
    return new Answer(process.exitValue() == 0, Files.readString(output, StandardCharsets.UTF_8));
  }

  private static boolean ours(Path file) {
    return RuleTestsTest.tests().run(List.of(file), new StringBuilder());
  }

  @Test
  void givenOurRulePacks_whenPromtoolChecksThem_thenNoWordOfBlame() throws Exception {
    List<Path> files = Globs.find(PACKS, "*[!t].yml");
    Answer answer = promtool(List.of("check", "rules", "--lint=all"), files);
    assertThat(answer.text()).doesNotContain("FAILED");
    assertThat(answer.good()).isTrue();
  }

  @Test
  void givenOurRulePacks_whenPromtoolTestsThem_thenGreen() throws Exception {
    Answer answer = promtool(List.of("test", "rules"), Globs.find(PACKS, "*_test.yml"));
    assertThat(answer.text()).doesNotContain("FAILED");
    assertThat(answer.good()).isTrue();
  }

  @Test
  void givenRightExpectations_whenTested_thenBothAreGreen() throws Exception {
    Path file = GIVEN.resolve("good_test.yml");
    Answer answer = promtool(List.of("test", "rules"), List.of(file));
    assertThat(answer.text()).doesNotContain("FAILED");
    assertThat(answer.good()).isTrue();
    assertThat(ours(file)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "'a 8 8.0 https     | 'a 8 8.00 https",
        "n: '1'             | n: '9'",
        "value: 60}         | value: 61}",
        "eval_time: 13m     | eval_time: 12m",
        "eval_time: 4m30s   | eval_time: 1m30s",
        "labels: {site: home} | labels: {site: away}",
        "[first, second]    | [second, first]",
        "interval: 30s      | interval: 20s",
        "1+1x20             | 1+1x3",
        "value: -.inf}      | value: .inf}",
        "kind: sum, site    | sort: sum, site",
        "alertname: Sum     | alertname: Held",
        "{n=\"2\"}', value: 1 | {n=\"2\"}', value: 2",
      })
  void givenWrongExpectation_whenTested_thenBothAreRed(String what, String to) throws Exception {
    Path file = RuleTestsTest.changed(folder, what, to);
    assertThat(promtool(List.of("test", "rules"), List.of(file)).good()).isFalse();
    assertThat(ours(file)).isFalse();
  }
}
