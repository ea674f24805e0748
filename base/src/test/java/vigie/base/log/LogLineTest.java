package vigie.base.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogLineTest {
  @Test
  void givenTextAndPairs_whenFormatted_thenTextIsMsgAndPairsFollow() {
    assertThat(
            LogLine.format(
                "WARN",
                "vigie.agent.ship.Ship",
                "link lost peer=192.0.2.5:2515 cause=\"connection reset\""))
        .isEqualTo(
            "level=warn logger=ship msg=\"link lost\" peer=192.0.2.5:2515 cause=\"connection reset\"");
  }

  @Test
  void givenTextOnly_whenFormatted_thenOnlyMsg() {
    assertThat(LogLine.format("INFO", "Agent", "started, all well: \"yes\""))
        .isEqualTo("level=info logger=agent msg=\"started, all well: \\\"yes\\\"\"");
  }

  @Test
  void givenControlCharacters_whenFormatted_thenEscaped() {
    assertThat(LogLine.format("INFO", "a", "x text=a\n\u001b[31m"))
        .isEqualTo("level=info logger=a msg=\"x\" text=a\\n\\u001b[31m");
  }

  @Test
  void givenQuotesInAValue_whenFormatted_thenEscapedUpToTheNextPair() {
    assertThat(
            LogLine.format(
                "WARN",
                "a",
                "probe down probe=p reason=\"expected \"^3 a=b\" got \"\\x07\"\" hint=\"\" n=1"))
        .isEqualTo(
            "level=warn logger=a msg=\"probe down\" probe=p"
                + " reason=\"expected \\\"^3 a=b\\\" got \\\"\\\\x07\\\"\" hint=\"\" n=1");
  }
}
