package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;

/**
 * What an agent that was stopped reads when it is started again: all that is new, nothing twice.
 */
class CleanStopTest {
  private static final String YAML =
      """
      patterns:
        - {name: told, match: 'boom (?P<n>\\d+)', fold_by: [n]}
        - {name: counted, match: 'visit', event: false}
      packs: []
      sources:
        boot: false
        journal: false
        files:
          - {path: '%s/*.log', patterns: [told, counted]}
      """;

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final KeptPlaces spool = new KeptPlaces();
  private SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Sources sources;

  @AfterEach
  void end() {
    sources.close();
  }

  private void start() {
    meters = new SimpleMeterRegistry();
    Roots roots = new Roots(folder, folder, folder);
    Faults faults = new Faults();
    SourcesConfig config =
        SourcesConfig.read(
            Yaml.parse(folder.resolve("agent.yaml"), YAML.formatted(folder), Map.of(), faults));
    assertThat(faults.all()).isEmpty();
    sources =
        new Sources(
            config,
            new SourceTools(
                roots,
                clock,
                clock,
                Runnable::run,
                Runnable::run,
                spool,
                spool,
                Systemd.of(roots, Map.of(), clock),
                meters));
    sources.start();
  }

  /** As the agent does. */
  private void stop() {
    sources.close();
    spool.accept(
        new Event(
            clock.now(),
            Severity.INFORMATIONAL,
            EventType.AGENT_STOP,
            Map.of(),
            "agent stops",
            sources.places()));
  }

  private void write(String file, String line) throws IOException {
    Files.writeString(
        folder.resolve(file), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void expectLines(String file, int lines) {
    String source = "file:" + folder.resolve(file);
    assertThat(count("vigie.source.lines", "source", source)).as(file).isEqualTo(lines);
  }

  private double count(String name, String... tags) {
    var counter = meters.find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  @Test
  void givenFiles_whenStoppedAndStarted_thenNothingIsTwiceAndNothingMissing() throws Exception {
    write("told.log", "before the agent");
    write("silent.log", "before the agent");
    start();
    clock.advance(Duration.ofSeconds(1));
    for (String file : new String[] {"told.log", "silent.log"}) {
      write(file, "visit");
    }
    write("told.log", "boom 1");
    write("told.log", "visit");
    clock.advance(Duration.ofSeconds(1));
    expectLines("told.log", 3);
    expectLines("silent.log", 1);
    assertThat(count("vigie.log.matches", "pattern", "counted")).isEqualTo(3);
    stop();
    write("told.log", "boom 2");
    write("silent.log", "boom 3");
    start();
    clock.advance(Duration.ofSeconds(1));
    expectLines("told.log", 1);
    expectLines("silent.log", 1);
    assertThat(count("vigie.log.matches", "pattern", "counted")).isZero();
    assertThat(spool.told.texts())
        .containsExactlyInAnyOrder("boom 1", "agent stops", "boom 2", "boom 3");
  }
}
