package vigie.agent.reader;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;

/**
 * How the kernel disciplines its clock, as adjtimex(2) tells. Java cannot make that call and no
 * file tells it, so one of the programs that can is run: at most once a minute, only while somebody
 * reads, never waited for.
 */
public final class TimexReader {
  /** Programs by preference; the last one tells only whether the clock is synchronised. */
  private static final List<List<String>> PROGRAMS =
      List.of(
          List.of("perl", "-e", script()),
          List.of("busybox", "adjtimex"),
          List.of("adjtimex", "--print"),
          List.of("timedatectl", "show", "-p", "NTPSynchronized"));

  private static final Logger log = LoggerFactory.getLogger(TimexReader.class);
  private static final Duration PERIOD = Duration.ofMinutes(1);

  /** Until the next attempt when no program could tell. */
  private static final Duration PAUSE = Duration.ofHours(1);

  private static final int MAX_LINES = 100;
  private static final int MAX_REASON = 100;

  private final List<List<String>> programs;
  private final Clock clock;
  private final Executor executor;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile State state = new State(null, null, Long.MIN_VALUE);
  private int preferred;

  /**
   * @param programs command lines, the first that answers is taken
   * @param executor runs the waiting for it; it may refuse
   */
  public TimexReader(List<List<String>> programs, Clock clock, Executor executor) {
    this.programs = List.copyOf(programs);
    this.clock = clock;
    this.executor = executor;
  }

  /** By the programs that a Debian, Raspberry Pi OS or Alpine has. */
  public static TimexReader host(Clock clock, Executor executor) {
    return new TimexReader(PROGRAMS, clock, executor);
  }

  /**
   * The call itself, in the language that every Debian has: perl-base is essential there. The
   * structure is the same on all architectures but for the size of a {@code long}, which perl
   * knows; the call's number is not. On an architecture that is not listed nothing is called.
   */
  private static String script() {
    return """
        use Config;
        my $arch = $Config{archname};
        my $long = length pack 'l!', 0;
        my $call = $arch =~ /^x86_64/ && $long == 8 ? 159
          : $arch =~ /^(aarch64|riscv64|loongarch64)/ && $long == 8 ? 171
          : $arch =~ /^(arm|i[3-6]86|powerpc|ppc|s390)/ ? 124
          : die "adjtimex is not known on $arch\\n";
        my $timex = "\\0" x 512;
        my $state = syscall $call, $timex;
        die "adjtimex: $!\\n" if $state < 0;
        my $pad = "x!$long";
        my @names = qw(modes offset freq maxerror esterror status constant precision tolerance
          seconds micros tick ppsfreq jitter shift stabil jitcnt calcnt errcnt stbcnt tai);
        my @values = unpack "I $pad l!4 i $pad l!8 i $pad l!5 i", $timex;
        print "$names[$_]: $values[$_]\\n" for 0 .. $#names;
        print "return value: $state\\n";
        """;
  }

  /**
   * The last answer, null before the first one; asks anew when that is a minute old. One thread at
   * a time.
   *
   * @throws NoDataException when no program could tell; its message says why
   */
  public @Nullable Timex read() throws NoDataException {
    State last = state;
    if (clock.nanos() >= last.next && busy.compareAndSet(false, true)) {
      try {
        executor.execute(
            () -> {
              try {
                refresh();
              } finally {
                busy.set(false);
              }
            });
      } catch (RejectedExecutionException full) {
        busy.set(false);
      }
    }
    last = state;
    if (last.failure != null) {
      throw new NoDataException(last.failure);
    }
    return last.timex;
  }

  /** How old an answer is. */
  public double ageSeconds(Timex timex) {
    return (clock.nanos() - timex.atNanos()) / 1e9;
  }

  private void refresh() {
    long now = clock.nanos();
    StringBuilder reasons = new StringBuilder();
    for (int i = 0; i < programs.size(); i++) {
      int index = (preferred + i) % programs.size();
      String reason = "unknown answer";
      try {
        Program program = Program.run(programs.get(index), true);
        Timex timex = program.exit() == 0 ? parse(program.text(), now) : null;
        if (timex != null) {
          preferred = index;
          state = new State(timex, null, now + PERIOD.toNanos());
          return;
        }
        reason = program.text().lines().findFirst().orElse("exit code " + program.exit());
      } catch (IOException e) {
        reason = String.valueOf(e.getMessage());
      }
      reasons.append("; ").append(programs.get(index).get(0)).append(": ");
      reasons.append(reason, 0, Math.min(reason.length(), MAX_REASON));
    }
    preferred = 0;
    String failure = "no program tells how the kernel's clock is disciplined" + reasons;
    log.debug("{}", failure);
    state = new State(null, failure, now + PAUSE.toNanos());
  }

  /**
   * What one of the programs printed, a name and a number a line; null when it holds neither a
   * state nor a status.
   */
  static @Nullable Timex parse(String text, long atNanos) {
    Map<String, Long> values = new HashMap<>();
    text.lines().limit(MAX_LINES).forEach(line -> take(line, values));
    return values.containsKey("state") ? new Timex(atNanos, Map.copyOf(values)) : null;
  }

  private static void take(String line, Map<String, Long> values) {
    int end = line.indexOf(':');
    if (end < 0) {
      end = line.indexOf('=');
    }
    if (end < 0) {
      return;
    }
    String name = line.substring(0, end).strip();
    if (name.startsWith("-") && name.length() > 3) {
      name = name.substring(2).strip(); // busybox shows the option that would set it
    }
    String value = line.substring(end + 1).strip();
    if (name.equals("NTPSynchronized")) {
      values.put("state", value.equals("yes") ? Timex.OK : Timex.ERROR);
      return;
    }
    int space = value.indexOf(' ');
    try {
      values.put(oneName(name), Long.parseLong(space < 0 ? value : value.substring(0, space)));
    } catch (NumberFormatException notANumber) {
      // A line of another kind.
    }
  }

  /** The programs don't agree on names. */
  private static String oneName(String name) {
    return switch (name) {
      case "freq.adjust", "frequency" -> "freq";
      case "timeconstant", "time_constant" -> "constant";
      case "return value" -> "state";
      default -> name;
    };
  }

  /**
   * @param timex the last answer
   * @param failure why there is none
   * @param next when to ask again
   */
  private record State(@Nullable Timex timex, @Nullable String failure, long next) {}

  /**
   * One answer of adjtimex(2), in seconds and ratios; NaN for what the program did not tell.
   *
   * @param values the structure's members by name, and {@code state}, what the call returned
   */
  public record Timex(long atNanos, Map<String, Long> values) {
    static final long OK = 0;
    static final long ERROR = 5;
    private static final int STA_NANO = 0x2000;
    private static final double MICROS = 1e6;
    private static final double NANOS = 1e9;

    /** The kernel's unit of frequencies: parts per million, times 65536. */
    private static final double SCALED_PPM = 65536 * 1e6;

    /** 1 when the clock is synchronised to a source of time, 0 when not. */
    public double synchronised() {
      return values.getOrDefault("state", ERROR) == ERROR ? 0 : 1;
    }

    /** A member as it is. */
    public double value(String name) {
      Long value = values.get(name);
      return value == null ? Double.NaN : value;
    }

    /** A time that is always in microseconds. */
    public double microseconds(String name) {
      return value(name) / MICROS;
    }

    /** A time that is in nanoseconds or microseconds, as the status says. */
    public double seconds(String name) {
      boolean nanos = (values.getOrDefault("status", 0L) & STA_NANO) != 0;
      return value(name) / (nanos ? NANOS : MICROS);
    }

    /** A frequency: the part of itself by which the clock is adjusted. */
    public double ratio(String name) {
      return value(name) / SCALED_PPM;
    }
  }
}
