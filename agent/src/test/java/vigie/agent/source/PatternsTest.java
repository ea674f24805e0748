package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.re2j.Pattern;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;

class PatternsTest {
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Told told = new Told();
  private final Faults faults = new Faults();
  private Patterns patterns = patterns("");
  private int offset;

  @AfterEach
  void close() {
    patterns.close();
  }

  private PatternsConfig read(String yaml) {
    return PatternsConfig.read(Yaml.parse(Path.of("agent.yaml"), yaml, Map.of(), faults));
  }

  private Patterns patterns(String yaml) {
    PatternsConfig config = read(yaml);
    assertThat(faults.all()).isEmpty();
    patterns =
        new Patterns(config, EventRate.PER_SECOND, told, clock, clock, Runnable::run, meters);
    return patterns;
  }

  private Line line(String identifier, String text) {
    Place place = new Place("journal", "c" + ++offset);
    return new Line(clock.now(), "journal", "", identifier, Severity.INFORMATIONAL, text, place);
  }

  /** As a datagram, which nobody can read again. */
  private Line datagram(String text) {
    return new Line(clock.now(), "syslog", "", "app", Severity.INFORMATIONAL, text, null);
  }

  private double count(String name, String... tags) {
    var found = meters.find(name).tags(tags).counter();
    return found == null ? Double.NaN : found.count();
  }

  /** Each took all memory, all of the stack, or never ended in {@code agent check}. */
  @Test
  @Timeout(60)
  void givenExpressionsThatRe2CannotCompile_whenRead_thenEachIsRefusedAtItsPlace() {
    read(
        """
        patterns:
          - {name: a, match: '(?i)[a-\\x{FFFF}]'}
          - {name: b, match: '((a{1000}){1000}){1000}'}
          - {name: c, match: '%s'}
        sources: {}
        """
            .formatted("(".repeat(2000) + ")".repeat(2000)));
    assertThat(faults.all())
        .containsExactly(
            "agent.yaml:2:22: regular expression with (?i) and a letter from U+1C80 to U+1C88, or a"
                + " range over them; leave out one of the two",
            "agent.yaml:3:22: regular expression has more than 50000 parts when its repetitions are"
                + " written out",
            "agent.yaml:4:22: regular expression has more than 200 parentheses within each other");
  }

  @Test
  void givenStockPack_whenLineOfItsProgram_thenEventWithFieldsAndCounter() {
    patterns.accept(line("sshd", "Accepted publickey for alice from 192.0.2.1 port 22 ssh2: RSA"));
    Event event = told.last();
    assertThat(event.type()).isEqualTo(EventType.LOG_MATCH);
    assertThat(event.severity()).isEqualTo(Severity.NOTICE);
    assertThat(event.places()).containsExactly(new Place("journal", "c1"));
    assertThat(event.fields())
        .containsEntry("pattern", "sshd.accepted")
        .containsEntry("source", "journal")
        .containsEntry("identifier", "sshd")
        .containsEntry("user", "alice")
        .containsEntry("address", "192.0.2.1");
    assertThat(count("vigie.log.matches", "pattern", "sshd.accepted")).isEqualTo(1);
    // A zero stands there before the first, so that increase() sees it.
    assertThat(count("vigie.log.matches", "pattern", "sshd.failed")).isZero();
    assertThat(count("vigie.log.matches", "pattern", "postgresql.panic")).isNaN();
  }

  @Test
  void givenRootLogin_whenRead_thenItIsTheEventAndBothCount() {
    patterns.accept(line("sshd", "Accepted publickey for root from 192.0.2.1 port 22 ssh2: RSA"));
    assertThat(told.last().fields()).containsEntry("pattern", "sshd.root_login");
    assertThat(count("vigie.log.matches", "pattern", "sshd.root_login")).isEqualTo(1);
    assertThat(count("vigie.log.matches", "pattern", "sshd.accepted")).isEqualTo(1);
  }

  @Test
  void givenLineOfAnotherProgram_whenItLooksTheSame_thenNothing() {
    patterns.accept(line("app", "Accepted publickey for root from 192.0.2.1 port 22 ssh2: RSA"));
    assertThat(told.events).isEmpty();
  }

  @Test
  void givenOwnPatternBesideThePacks_whenBothMatch_thenBothCountAndOwnTells() {
    patterns(
        """
        patterns:
          - {name: root, match: 'for (?P<user>root) from', identifiers: [sshd], severity: crit}
        """);
    patterns.accept(line("sshd", "Accepted publickey for root from 192.0.2.1 port 22 ssh2: RSA"));
    assertThat(told.events)
        .singleElement()
        .extracting(Event::severity)
        .isEqualTo(Severity.CRITICAL);
    assertThat(count("vigie.log.matches", "pattern", "root")).isEqualTo(1);
    assertThat(count("vigie.log.matches", "pattern", "sshd.accepted")).isEqualTo(1);
  }

  @Test
  void givenOwnPatternOfAStockName_whenRead_thenItReplacesThatOne() {
    patterns(
        """
        patterns:
          - {name: sshd.accepted, match: '^Accepted', identifiers: [sshd], event: false}
        """);
    patterns.accept(line("sshd", "Accepted publickey for pi from 192.0.2.1 port 22 ssh2: RSA"));
    assertThat(told.events).isEmpty();
    assertThat(count("vigie.log.matches", "pattern", "sshd.accepted")).isEqualTo(1);
  }

  @Test
  void givenLabels_whenMoreValuesThanTheLimit_thenTheRestIsOther() {
    patterns("patterns: [{name: a, match: 'u=(?P<u>\\w+)', labels: [u], limit: 2, event: false}]");
    for (String user : List.of("x", "y", "z", "w", "x", "z")) {
      patterns.accept(line("app", "u=" + user));
    }
    assertThat(count("vigie.log.matches", "pattern", "a", "u", "x")).isEqualTo(2);
    assertThat(count("vigie.log.matches", "pattern", "a", "u", "y")).isEqualTo(1);
    assertThat(count("vigie.log.matches", "pattern", "a", "u", "other")).isEqualTo(3);
    assertThat(count("vigie.log.series.limited")).isEqualTo(3);
  }

  @Test
  void givenValue_whenMatched_thenSumAndCount() {
    LineStream access = patterns.of("file:/var/log/nginx/access.log", List.of("nginx"));
    String head = "192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] \"GET / HTTP/1.1\" ";
    access.accept(line("", head + "200 612 \"-\" \"curl/8.5.0\" 0.250"));
    access.accept(line("", head + "204 0 \"-\" \"curl/8.5.0\" 0.500"));
    access.accept(line("", head + "502 157 \"-\" \"curl/8.5.0\""));
    assertThat(count("vigie.log.matches", "pattern", "nginx.requests", "status", "2xx"))
        .isEqualTo(2);
    assertThat(count("vigie.log.matches", "pattern", "nginx.requests", "status", "5xx"))
        .isEqualTo(1);
    assertThat(
            meters.get("vigie.log.value").tag("pattern", "nginx.seconds").summary().totalAmount())
        .isEqualTo(0.75);
    assertThat(told.events).isEmpty();
  }

  @Test
  void givenOldLines_whenCaughtUp_thenTheyAreEventsButNotCounted() {
    patterns("patterns: [{name: a, match: boom}]");
    Line line = line("app", "boom");
    clock.advance(Duration.ofMinutes(6));
    patterns.accept(line);
    assertThat(told.events).hasSize(1);
    assertThat(count("vigie.log.matches", "pattern", "a")).isZero();
  }

  @Test
  void givenTrace_whenMatched_thenTextIsItsFirstLineAndTheRestAField() {
    patterns("patterns: [{name: a, match: '(?m)^(?P<error>\\w+Error): '}]");
    patterns.accept(line("app", "went wrong\nTraceback:\nKeyError: 'x'"));
    assertThat(told.last().text()).isEqualTo("went wrong");
    assertThat(told.last().fields())
        .containsEntry("error", "KeyError")
        .containsEntry("more", "Traceback:\nKeyError: 'x'");
  }

  @Test
  void givenRepetitions_whenTheWindowEnds_thenOneSummaryAndWindowsGrow() {
    patterns("patterns: [{name: a, match: boom}]");
    for (int i = 0; i < 813; i++) {
      patterns.accept(line("app", "boom"));
    }
    assertThat(told.texts()).containsExactly("boom");
    clock.advance(Duration.ofSeconds(60));
    assertThat(told.texts()).containsExactly("boom", "repeated 812 times: boom");
    assertThat(told.last().fields())
        .containsEntry("repeated", "812")
        .containsEntry("first", "2026-01-01T00:00:00Z")
        .containsEntry("last", "2026-01-01T00:00:00Z");
    assertThat(told.last().places()).containsExactly(new Place("journal", "c813"));
    patterns.accept(line("app", "boom"));
    clock.advance(Duration.ofSeconds(70));
    assertThat(told.events).as("the second window is two minutes").hasSize(2);
    clock.advance(Duration.ofSeconds(60));
    assertThat(told.last().text()).isEqualTo("repeated 1 time: boom");
    // A window without a repetition ends it.
    clock.advance(Duration.ofMinutes(10));
    patterns.accept(line("app", "boom"));
    assertThat(told.texts()).hasSize(4).endsWith("boom");
    assertThat(count("vigie.log.matches", "pattern", "a")).isEqualTo(815);
    assertThat(count("vigie.log.folded")).isEqualTo(813);
  }

  @Test
  void givenFoldBy_whenOtherFieldsDiffer_thenStillARepetition() {
    patterns.accept(line("sshd", "Failed password for root from 192.0.2.9 port 1 ssh2"));
    patterns.accept(line("sshd", "Failed password for admin from 192.0.2.9 port 2 ssh2"));
    patterns.accept(line("sshd", "Failed password for admin from 192.0.2.7 port 2 ssh2"));
    assertThat(told.events).hasSize(2);
    patterns.close();
    assertThat(told.last().text())
        .isEqualTo("repeated 1 time: Failed password for admin from 192.0.2.9 port 2 ssh2");
  }

  @Test
  void givenManyDifferent_whenFolded_thenMemoryIsBoundedAndNothingUntold() {
    patterns("patterns: [{name: a, match: 'n=(?P<n>\\d+)', fold_by: [n]}]");
    for (int n = 0; n < 400; n++) {
      patterns.accept(line("app", "n=" + n));
      patterns.accept(line("app", "n=" + n));
    }
    assertThat(told.events).hasSize(400 + 400 - 256);
    patterns.close();
    assertThat(told.events).hasSize(800);
  }

  @Test
  void givenDatagrams_whenTooMany_thenHeldBackCountedAndToldOnce() {
    patterns("patterns: [{name: a, match: '^n'}]");
    for (int n = 0; n < 700; n++) {
      patterns.accept(datagram("n" + n));
    }
    assertThat(told.events).hasSize(BURST);
    assertThat(count("vigie.source.held.back", "source", "syslog")).isEqualTo(200);
    assertThat(count("vigie.log.matches", "pattern", "a")).isEqualTo(700);
    clock.advance(Duration.ofSeconds(60));
    assertThat(told.events).hasSize(BURST + 1);
    assertThat(told.last().fields()).containsEntry("held_back", "200");
    assertThat(told.last().severity()).isEqualTo(Severity.WARNING);
  }

  @Test
  void givenLinesWithAPlace_whenTooMany_thenTheSourceWaits() throws InterruptedException {
    patterns("patterns: [{name: a, match: '^n'}]");
    Thread source =
        new Thread(
            () -> {
              for (int n = 0; n < BURST_AND_MORE; n++) {
                patterns.accept(line("app", "n" + n));
              }
            });
    source.start();
    await().until(() -> source.getState() == Thread.State.WAITING);
    assertThat(told.events).hasSize(BURST);
    while (source.isAlive()) {
      clock.advance(Duration.ofMillis(20));
      Thread.yield();
    }
    assertThat(told.events).hasSize(BURST_AND_MORE);
    assertThat(count("vigie.source.held.back", "source", "journal")).isZero();
    source.join();
  }

  private static final int BURST = 10 * EventRate.PER_SECOND;
  private static final int BURST_AND_MORE = BURST + 3;

  @Test
  void givenTooManyLines_whenClosed_thenTheSourceIsLetGo() {
    patterns("patterns: [{name: a, match: '^n'}]");
    AtomicBoolean isRefused = new AtomicBoolean();
    Thread source =
        new Thread(
            () -> {
              try {
                for (int n = 0; n < BURST_AND_MORE; n++) {
                  patterns.accept(line("app", "n" + n));
                }
              } catch (UncheckedIOException refused) {
                isRefused.set(true);
              }
            });
    source.start();
    await().until(() -> source.getState() == Thread.State.WAITING);
    patterns.close();
    await().until(() -> !source.isAlive());
    assertThat(isRefused).as("the line that waited is to be read again").isTrue();
    assertThat(told.events).hasSize(BURST);
  }

  @Test
  void givenALineThatItsSourceMadeAnEventOf_whenAPatternMatchesToo_thenBothAreOneWrite() {
    patterns("patterns: [{name: a, match: boom}]");
    Line line = line("systemd", "boom");
    Event own =
        new Event(
            clock.now(), Severity.ERROR, EventType.UNIT_FAILED, Map.of(), "own", line.place());
    patterns.accept(line.with(List.of(own)));
    patterns.accept(line("systemd", "nothing").with(List.of(own)));
    assertThat(told.groups).containsExactly(List.of("own", "boom"), List.of("own"));
  }

  @Test
  void givenEventThatCannotBeWritten_whenClosed_thenNoSummaryGoesPastIt() {
    patterns("patterns: [{name: a, match: boom}]");
    patterns.accept(line("app", "boom"));
    patterns.accept(line("app", "boom"));
    told.broken = true;
    assertThatThrownBy(() -> patterns.accept(line("app", "other boom")))
        .isInstanceOf(UncheckedIOException.class);
    told.broken = false;
    assertThatThrownBy(() -> patterns.accept(line("app", "third boom")))
        .as("its source must not count it as read")
        .isInstanceOf(UncheckedIOException.class);
    patterns.close();
    assertThat(told.texts()).as("after a start all is read from the first on").hasSize(1);
  }

  @Test
  void givenPatternFile_whenWrong_thenFaultsSayFileLineAndColumn(@TempDir Path folder)
      throws Exception {
    Path file = folder.resolve("own.yaml");
    Files.writeString(
        file,
        """
        patterns:
          - name: a
            match: 'user=(?P<user>\\w+'
          - name: b
            match: 'user=(?P<user>\\w+)'
            labels: [usr]
            examples:
              - user=
              - line: user=root
                fields: {user: admin}
            not: [user=x]
          - name: b
            match: x
            severty: crit
        """);
    read("pattern_files: [" + file + "]");
    assertThat(faults.all())
        .containsExactly(
            file + ":3:13: not a regular expression (RE2): missing closing )",
            file
                + ":6:5: labels names \"usr\", which match does not capture; did you mean \"user\"?",
            file + ":8:9: pattern \"b\" does not match its example",
            file + ":9:15: pattern \"b\" captures user \"root\" from its example, not \"admin\"",
            file + ":11:11: pattern \"b\" matches this line, which stands under not",
            file + ":14:5: unknown key \"severty\" in patterns[2]; did you mean \"severity\"?",
            file + ":12:5: pattern \"b\" is already at " + file + ":4:5");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '\t',
      value = {
        "Accepted (\\S+) for\tAccepted ",
        "^a(?P<x>b)?cde+f\tcde",
        "abc?d\tab",
        "ab{2}cde\tcde",
        "x|y\t''",
        "(?:x|y) wait\t wait",
        "(?i)abc\t''",
        "[abc]\\[x\\]\t[x]",
        "a[]b]cd\tcd",
        "\\Qa.b\\E\t''",
        "foo\\.bar\\d\tfoo.bar",
        "a{|b}\t''",
      },
      ignoreLeadingAndTrailingWhitespace = false)
  void givenRegex_whenRequiredTextIsSought_thenWhatEveryMatchContains(String regex, String text) {
    assertThat(RequiredText.of(regex)).isEqualTo(text);
  }

  @Test
  void givenRandomRegexes_whenTheyMatch_thenTheRequiredTextIsThere() {
    long seed = 20260101;
    Random random = new Random(seed);
    String[] parts = {
      "a",
      "b",
      "ab",
      "(a|b)",
      "(?:ab)?",
      "a?",
      "b*",
      "a+",
      "[ab]",
      "[^a]",
      ".",
      "\\.",
      "a{2}",
      "(b)",
      "|",
      "^",
      "$",
      "\\w",
      "(?P<n>a)",
      "a{1,}",
      "[]a]",
      "\\[",
      "a{",
      "(?:a|(?:b|a)b)"
    };
    int matched = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder regex = new StringBuilder();
      for (int n = 1 + random.nextInt(5); n > 0; n--) {
        regex.append(parts[random.nextInt(parts.length)]);
      }
      Pattern pattern;
      try {
        pattern = Pattern.compile(regex.toString());
      } catch (RuntimeException e) {
        continue;
      }
      String required = RequiredText.of(regex.toString());
      for (int n = 0; n < 10; n++) {
        StringBuilder line = new StringBuilder();
        for (int length = random.nextInt(8); length > 0; length--) {
          line.append("ab.[".charAt(random.nextInt(4)));
        }
        if (pattern.matcher(line).find()) {
          matched++;
          assertThat(line.toString()).as("seed %d, regex %s", seed, regex).contains(required);
        }
      }
    }
    assertThat(matched).isGreaterThan(1000);
  }
}
