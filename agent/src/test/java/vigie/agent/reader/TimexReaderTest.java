package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.reader.TimexReader.Timex;
import vigie.base.time.ManualClock;

class TimexReaderTest {
  /** The script's answers, the last two by perl-base for arm64 and armel under qemu's user mode. */
  private static final String PERL =
      """
      modes: 0
      offset: 0
      freq: 0
      maxerror: 16000000
      esterror: 16000000
      status: 64
      constant: 2
      precision: 1
      tolerance: 32768000
      seconds: %s
      tick: 10000
      ppsfreq: 0
      jitter: 0
      shift: 0
      stabil: 0
      jitcnt: 0
      calcnt: 0
      errcnt: 0
      stbcnt: 0
      tai: 0
      return value: 5
      """;

  private static final String BUSYBOX =
      """
          mode:         0
      -o  offset:       0 us
      -f  freq.adjust:  0 (65536 = 1ppm)
          maxerror:     16000000
          esterror:     16000000
          status:       64 (UNSYNC)
      -p  timeconstant: 2
          precision:    1 us
          tolerance:    32768000
      -t  tick:         10000 us
          time.tv_sec:  1795263900
          time.tv_usec: 271535
          return value: 5 (clock not synchronized)
      """;

  private static final String ADJTIMEX =
      """
               mode: 0
             offset: 0
          frequency: 0
           maxerror: 16000000
           esterror: 16000000
             status: 64
      time_constant: 2
          precision: 1
          tolerance: 32768000
               tick: 10000
           raw time:  1795263900s 272761us = 1795263900.272761
       return value = 5
      """;

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();

  @ParameterizedTest
  @CsvSource({"x86_64,1795265484", "aarch64,1795265524", "armv6l,1795265541"})
  void givenPerlsAnswer_whenParsed_thenAllOfIt(String machine, String seconds) {
    Timex timex = parsed(PERL.formatted(seconds));

    assertUnsynchronised(timex);
    assertThat(timex.value("tai")).isZero();
    assertThat(timex.seconds("jitter")).isZero();
    assertThat(timex.value("stbcnt")).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {BUSYBOX, ADJTIMEX})
  void givenAnotherProgramsAnswer_whenParsed_thenWhatItTells(String recorded) {
    Timex timex = parsed(recorded);

    assertUnsynchronised(timex);
    assertThat(timex.value("tai")).isNaN();
    assertThat(timex.seconds("jitter")).isNaN();
  }

  private static void assertUnsynchronised(Timex timex) {
    assertThat(timex.synchronised()).isZero();
    assertThat(timex.seconds("offset")).isZero();
    assertThat(timex.ratio("freq")).isZero();
    assertThat(timex.microseconds("maxerror")).isEqualTo(16);
    assertThat(timex.microseconds("esterror")).isEqualTo(16);
    assertThat(timex.value("status")).isEqualTo(64);
    assertThat(timex.value("constant")).isEqualTo(2);
    assertThat(timex.microseconds("tick")).isEqualTo(0.01);
  }

  @Test
  void givenSynchronisedClock_whenParsed_thenOffsetIsInItsUnit() {
    String text = "offset: -125342\nfreq: -1302784\nstatus: %d\nreturn value: 0\n";

    Timex nanos = parsed(text.formatted(0x2001));
    Timex micros = parsed(text.formatted(1));

    assertThat(nanos.synchronised()).isEqualTo(1);
    assertThat(nanos.seconds("offset")).isEqualTo(-125342e-9, within(1e-15));
    assertThat(micros.seconds("offset")).isEqualTo(-125342e-6, within(1e-15));
    assertThat(nanos.ratio("freq")).isEqualTo(-1302784 / 65536e6, within(1e-15));
  }

  @Test
  void givenTimedatectlsAnswer_whenParsed_thenOnlyWhetherItIsSynchronised() {
    assertThat(parsed("NTPSynchronized=yes\n").synchronised()).isEqualTo(1);
    assertThat(parsed("NTPSynchronized=no\n").synchronised()).isZero();
    assertThat(parsed("NTPSynchronized=yes\n").microseconds("maxerror")).isNaN();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n\n",
        ":",
        "=",
        "-",
        "-o",
        "return value: 99999999999999999999",
        "status: x"
      })
  void givenAnswerWithoutAState_whenParsed_thenNone(String text) {
    assertThat(TimexReader.parse(text, 0)).isNull();
  }

  @Test
  void givenAnswer_whenReadAgainWithinAMinute_thenNothingIsRun() throws Exception {
    Path runs = folder.resolve("runs");
    TimexReader reader =
        reader(List.of("sh", "-c", "echo x >> " + runs + "; echo 'return value: 0'"));

    Timex first = Objects.requireNonNull(reader.read());
    clock.advance(Duration.ofSeconds(59));
    Timex second = Objects.requireNonNull(reader.read());

    assertThat(second).isSameAs(first);
    assertThat(reader.ageSeconds(second)).isEqualTo(59);
    assertThat(Files.readAllLines(runs)).hasSize(1);
    clock.advance(Duration.ofSeconds(1));
    assertThat(reader.ageSeconds(Objects.requireNonNull(reader.read()))).isZero();
    assertThat(Files.readAllLines(runs)).hasSize(2);
  }

  @Test
  void givenProgramsThatFail_whenRead_thenTheNextIsAskedAndKept() throws Exception {
    Path runs = folder.resolve("runs");
    TimexReader reader =
        reader(
            List.of("vigie-no-such-program"),
            List.of("sh", "-c", "echo x >> " + runs + "; echo 'adjtimex: not allowed' >&2; exit 1"),
            List.of("echo", "NTPSynchronized=yes"));

    assertThat(Objects.requireNonNull(reader.read()).synchronised()).isEqualTo(1);
    clock.advance(Duration.ofMinutes(1));
    assertThat(Objects.requireNonNull(reader.read()).synchronised()).isEqualTo(1);

    assertThat(Files.readAllLines(runs)).hasSize(1);
  }

  @Test
  void givenNoProgram_whenRead_thenItSaysWhyAndAsksAgainInAnHour() throws Exception {
    Path answer = folder.resolve("answer");
    TimexReader reader =
        reader(
            List.of("vigie-no-such-program"),
            List.of("sh", "-c", "echo 'adjtimex: Operation not permitted' >&2; exit 1"),
            List.of("cat", answer.toString()));

    assertThatThrownBy(reader::read)
        .isInstanceOf(NoDataException.class)
        .hasMessageContaining("vigie-no-such-program")
        .hasMessageContaining("sh: adjtimex: Operation not permitted");
    Files.writeString(answer, "return value: 0\n");
    clock.advance(Duration.ofMinutes(59));
    assertThatThrownBy(reader::read).isInstanceOf(NoDataException.class);
    clock.advance(Duration.ofMinutes(1));
    assertThat(reader.read()).isNotNull();
  }

  @Test
  void givenNoThreadToWaitWith_whenRead_thenNothingIsToldAndItIsTriedAgain() throws Exception {
    boolean[] full = {true};
    TimexReader reader =
        new TimexReader(
            List.of(List.of("echo", "return value: 0")),
            clock,
            task -> {
              if (full[0]) {
                throw new RejectedExecutionException("full");
              }
              task.run();
            });

    assertThat(reader.read()).isNull();
    full[0] = false;
    assertThat(reader.read()).isNotNull();
  }

  /** What this machine has: perl on every Debian. */
  @Test
  void givenThisMachine_whenRead_thenTheKernelAnswers() throws Exception {
    Timex timex = Objects.requireNonNull(TimexReader.host(clock, Runnable::run).read());

    assertThat(timex.synchronised()).isBetween(0.0, 1.0);
  }

  @SafeVarargs
  private final TimexReader reader(List<String>... programs) {
    return new TimexReader(List.of(programs), clock, Runnable::run);
  }

  private static Timex parsed(String text) {
    return Objects.requireNonNull(TimexReader.parse(text, 0));
  }
}
