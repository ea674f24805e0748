package vigie.collector.promql;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Nearest;
import vigie.base.time.Durations;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Token.Kind;

/**
 * Turns text into a checked tree, by recursive descent and precedence climbing. Safe for all
 * threads.
 */
public final class Parser {
  /** Longer queries are refused. */
  static final int LONGEST = 128 * 1024;

  /** Deeper nesting and longer chains of operators are refused: walking the tree takes stack. */
  static final int DEEPEST = 100;

  static final int MOST_OPERATORS = 250;

  /** As many nanoseconds as Prometheus can count: 292 years. */
  private static final double LONGEST_SECONDS = 9.223372036854775807e9;

  private static final String HOW = "; write 30s, 5m or 1h30m, larger units first";

  private static final Set<String> NOT_METRICS =
      Set.of("bool", "on", "ignoring", "group_left", "group_right", "atan2");

  private final String query;
  private final List<Token> tokens;
  private int at;
  private int depth;
  private int operators;

  private Parser(String query) {
    this.query = query;
    this.tokens = Lexer.tokens(query);
  }

  /**
   * The query as a tree that has passed all type checks.
   *
   * @throws PromqlException that says what is wrong and where, or which construct is not supported
   */
  public static Expr parse(String query) {
    if (query.length() > LONGEST) {
      throw PromqlException.parse(
          query, 0, "query is longer than " + LONGEST + " characters: " + query.length());
    }
    Parser parser = new Parser(query);
    if (parser.peek().is(Kind.END)) {
      throw parser.error(parser.peek(), "no expression found in input");
    }
    Expr expr = parser.expression(1);
    if (!parser.peek().is(Kind.END)) {
      throw parser.unexpected(parser.peek(), "", "operator or end of input");
    }
    return expr;
  }

  /**
   * The matchers of a series selector such as {@code up{job="a"}}, and nothing else.
   *
   * @throws PromqlException that says what is wrong and where
   */
  public static List<LabelMatcher> parseSelector(String selector) {
    if (selector.length() > LONGEST) {
      throw PromqlException.parse(
          selector, 0, "selector is longer than " + LONGEST + " characters: " + selector.length());
    }
    Parser parser = new Parser(selector);
    Token first = parser.peek();
    if (first.is(Kind.WORD)) {
      parser.take();
    } else if (!first.is(Kind.LEFT_BRACE)) {
      throw parser.unexpected(first, "", "metric name or \"{\"");
    }
    Expr.VectorSelector found = parser.selector(first, first.is(Kind.WORD) ? first.text() : "");
    if (!parser.peek().is(Kind.END)) {
      throw parser.unexpected(parser.peek(), "", "end of input");
    }
    return found.matchers();
  }

  // Operators.

  private Expr expression(int weakest) {
    if (++depth > DEEPEST) {
      throw error(peek(), "expression is nested more than " + DEEPEST + " deep");
    }
    Expr left = unary();
    while (true) {
      Token token = peek();
      BinaryOp op = binaryOp(token);
      if (op == null || op.precedence() < weakest) {
        depth--;
        return left;
      }
      if (++operators > MOST_OPERATORS) {
        throw error(token, "more than " + MOST_OPERATORS + " operators");
      }
      take();
      left = binary(left, op, token);
    }
  }

  private Expr unary() {
    Token sign = peek();
    if (!sign.isOperator("-") && !sign.isOperator("+")) {
      return postfix(primary());
    }
    take();
    // Binds like a factor, so the power on its right comes first: -1 ^ 2 is -(1 ^ 2).
    Expr operand = expression(BinaryOp.POWER.precedence());
    boolean negative = sign.isOperator("-");
    Span span = sign.span().to(operand.span().end());
    if (operand instanceof Expr.Num number) {
      double value = negative ? -number.value() : number.value();
      return new Expr.Num(span, value, number.duration());
    }
    if (operand.type() != ValueType.SCALAR && operand.type() != ValueType.VECTOR) {
      throw error(
          sign,
          "unary expression only allowed on expressions of type scalar or instant vector, got \""
              + operand.type().documented()
              + '"');
    }
    return new Expr.Unary(span, negative, operand);
  }

  private @Nullable BinaryOp binaryOp(Token token) {
    if (!token.is(Kind.OPERATOR) && !token.is(Kind.WORD)) {
      return null;
    }
    String text = token.is(Kind.WORD) ? token.text().toLowerCase(Locale.ROOT) : token.text();
    for (BinaryOp op : BinaryOp.values()) {
      if (op.text().equals(text)) {
        return op;
      }
    }
    return null;
  }

  private Expr binary(Expr left, BinaryOp op, Token operator) {
    boolean bool = false;
    if (peek().isWord("bool")) {
      Token word = take();
      if (!op.isComparison()) {
        throw error(word, "bool modifier can only be used on comparison operators");
      }
      bool = true;
    }
    Token modifier = peek();
    Expr.Matching written = matching(op);
    Expr right = expression(op == BinaryOp.POWER ? op.precedence() : op.precedence() + 1);
    boolean vectors = left.type() == ValueType.VECTOR && right.type() == ValueType.VECTOR;
    checkOperand(left, op);
    checkOperand(right, op);
    if (op.isSet() && !vectors) {
      throw error(
          operator, "set operator \"" + op.text() + "\" not allowed in binary scalar expression");
    }
    if (written != null && !vectors && !written.labels().isEmpty()) {
      throw error(modifier, "vector matching only allowed between instant vectors");
    }
    if (op.isComparison()
        && !bool
        && left.type() == ValueType.SCALAR
        && right.type() == ValueType.SCALAR) {
      throw error(operator, "comparisons between scalars must use BOOL modifier");
    }
    Expr.Matching matching = vectors ? written : null;
    if (vectors && matching == null) {
      matching =
          new Expr.Matching(
              op.isSet() ? Expr.Cardinality.MANY_TO_MANY : Expr.Cardinality.ONE_TO_ONE,
              false,
              List.of(),
              List.of());
    }
    Span span = left.span().to(right.span().end());
    return new Expr.Binary(span, op, left, right, bool, matching);
  }

  private void checkOperand(Expr operand, BinaryOp op) {
    if (operand.type() != ValueType.SCALAR && operand.type() != ValueType.VECTOR) {
      throw PromqlException.parse(
          query,
          operand.span().start(),
          "binary expression must contain only scalar and instant vector types, got "
              + operand.type().documented()
              + " beside \""
              + op.text()
              + '"');
    }
  }

  /** {@code on(…) group_left(…)} and the like; null where there is none. */
  private Expr.@Nullable Matching matching(BinaryOp op) {
    if (!peek().isWord("on") && !peek().isWord("ignoring")) {
      refuseFill();
      if (peek().isWord("group_left") || peek().isWord("group_right")) {
        throw unexpected(peek(), "", "on or ignoring before it");
      }
      return null;
    }
    boolean on = take().isWord("on");
    List<String> labels = labelList();
    Expr.Cardinality cardinality =
        op.isSet() ? Expr.Cardinality.MANY_TO_MANY : Expr.Cardinality.ONE_TO_ONE;
    List<String> include = List.of();
    Token group = peek();
    if (group.isWord("group_left") || group.isWord("group_right")) {
      take();
      if (op.isSet()) {
        throw error(group, "no grouping allowed for \"" + op.text() + "\" operation");
      }
      cardinality =
          group.isWord("group_left") ? Expr.Cardinality.MANY_TO_ONE : Expr.Cardinality.ONE_TO_MANY;
      if (peek().is(Kind.LEFT_PAREN)) {
        include = labelList();
      }
      for (String label : include) {
        if (on && labels.contains(label)) {
          throw error(
              group,
              "label " + Strings.quote(label) + " must not occur in ON and GROUP clause at once");
        }
      }
    }
    refuseFill();
    return new Expr.Matching(cardinality, on, labels, include);
  }

  private void refuseFill() {
    Token token = peek();
    boolean fill = token.isWord("fill") || token.isWord("fill_left") || token.isWord("fill_right");
    if (fill && peek(1).is(Kind.LEFT_PAREN)) {
      throw unsupported(token, "modifier " + Strings.quote(token.text().toLowerCase(Locale.ROOT)));
    }
  }

  private List<String> labelList() {
    expect(Kind.LEFT_PAREN, "\"(\"", "grouping opts");
    List<String> labels = new ArrayList<>();
    while (!peek().is(Kind.RIGHT_PAREN)) {
      Token label = take();
      if ((!label.is(Kind.WORD) && !label.is(Kind.STRING)) || label.isWord("without")) {
        throw unexpected(label, "grouping opts", "label");
      }
      if (label.is(Kind.STRING) && (label.text().isEmpty() || !Strings.isUtf8(label.text()))) {
        throw error(label, "invalid label name for grouping: " + Strings.quote(label.text()));
      }
      labels.add(label.text());
      if (!peek().is(Kind.COMMA)) {
        break;
      }
      take();
    }
    expect(Kind.RIGHT_PAREN, "\",\" or \")\"", "grouping opts");
    return labels;
  }

  // What stands alone.

  private Expr primary() {
    Token token = take();
    return switch (token.kind()) {
      case NUMBER -> new Expr.Num(token.span(), number(token), false);
      case DURATION -> new Expr.Num(token.span(), durationMillis(token, "") / 1000.0, true);
      case STRING -> new Expr.Text(token.span(), token.text());
      case LEFT_PAREN -> {
        Expr inner = expression(1);
        Token close = expect(Kind.RIGHT_PAREN, "operator or \")\"", "parentheses");
        yield new Expr.Paren(token.span().to(close.span().end()), inner);
      }
      case LEFT_BRACE -> {
        at--;
        yield selector(token, "");
      }
      case WORD -> word(token);
      default -> throw unexpected(token, "", "expression");
    };
  }

  private Expr word(Token token) {
    String lower = token.text().toLowerCase(Locale.ROOT);
    Token next = peek();
    boolean called = next.is(Kind.LEFT_PAREN);
    if (called || next.isWord("by") || next.isWord("without")) {
      for (AggregateOp op : AggregateOp.values()) {
        if (op.text().equals(lower)) {
          return aggregate(token, op);
        }
      }
    }
    if (NOT_METRICS.contains(lower)) {
      throw unexpected(token, "", "expression");
    }
    if (called && isKeyword(lower)) {
      throw unexpected(next, "", "operator or end of input");
    }
    return called ? call(token) : selector(token, token.text());
  }

  private Expr aggregate(Token name, AggregateOp op) {
    boolean grouped = false;
    boolean without = false;
    List<String> grouping = List.of();
    if (!peek().is(Kind.LEFT_PAREN)) {
      without = take().isWord("without");
      grouping = labelList();
      grouped = true;
    }
    List<Expr> args = arguments("aggregation");
    if (!grouped && (peek().isWord("by") || peek().isWord("without"))) {
      without = take().isWord("without");
      grouping = labelList();
    }
    Span span = name.span().to(previousEnd());
    int wanted = op.hasParameter() ? 2 : 1;
    if (args.isEmpty()) {
      throw error(
          name, "no arguments for aggregate expression provided, expected " + wanted + ", got 0");
    }
    if (args.size() != wanted) {
      throw error(
          name,
          "wrong number of arguments for aggregate expression provided, expected "
              + wanted
              + ", got "
              + args.size());
    }
    Expr inner = args.get(wanted - 1);
    Expr parameter = op.hasParameter() ? args.get(0) : null;
    String where = "aggregation expression";
    expectType(inner, ValueType.VECTOR, where);
    if (parameter != null) {
      boolean text = op == AggregateOp.COUNT_VALUES;
      expectType(parameter, text ? ValueType.STRING : ValueType.SCALAR, "aggregation parameter");
    }
    return new Expr.Aggregate(span, op, inner, parameter, grouping, without);
  }

  private Expr call(Token name) {
    Function function = Functions.find(name.text());
    if (function == null) {
      if (Functions.isKnownElsewhere(name.text())) {
        throw unsupported(name, "function " + Strings.quote(name.text()));
      }
      throw error(
          name, "unknown function with name " + Strings.quote(name.text()) + meant(name.text()));
    }
    List<Expr> args = arguments("call");
    List<ValueType> takes = function.takes();
    int least = takes.size() - (function.optional() == Function.ANY ? 1 : function.optional());
    int most = function.optional() == Function.ANY ? Integer.MAX_VALUE : takes.size();
    if (args.size() < least || args.size() > most) {
      String bound = least == most ? "" : args.size() < least ? "at least " : "at most ";
      throw error(
          name,
          "expected "
              + bound
              + (args.size() < least ? least : most)
              + " argument(s) in call to "
              + Strings.quote(function.name())
              + ", got "
              + args.size());
    }
    for (int i = 0; i < args.size(); i++) {
      ValueType wanted = takes.get(Math.min(i, takes.size() - 1));
      expectType(args.get(i), wanted, "call to function " + Strings.quote(function.name()));
    }
    return new Expr.Call(name.span().to(previousEnd()), function, args);
  }

  private static String meant(String name) {
    List<String> known = new ArrayList<>(Functions.names());
    for (AggregateOp op : AggregateOp.values()) {
      known.add(op.text());
    }
    String nearest = name.length() < 4 || name.length() > 64 ? null : Nearest.of(name, known);
    return nearest == null ? "" : "; did you mean " + Strings.quote(nearest) + "?";
  }

  private List<Expr> arguments(String where) {
    expect(Kind.LEFT_PAREN, "\"(\"", where);
    List<Expr> args = new ArrayList<>();
    if (!peek().is(Kind.RIGHT_PAREN)) {
      args.add(expression(1));
      while (peek().is(Kind.COMMA)) {
        Token comma = take();
        if (peek().is(Kind.RIGHT_PAREN)) {
          throw error(comma, "trailing commas not allowed in function call args");
        }
        args.add(expression(1));
      }
    }
    expect(Kind.RIGHT_PAREN, "operator, \",\" or \")\"", where);
    return args;
  }

  private void expectType(Expr expr, ValueType wanted, String where) {
    if (expr.type() != wanted) {
      throw PromqlException.parse(
          query,
          expr.span().start(),
          "expected type "
              + wanted.documented()
              + " in "
              + where
              + ", got "
              + expr.type().documented());
    }
  }

  // Selectors.

  private Expr.VectorSelector selector(Token first, String name) {
    List<LabelMatcher> matchers = new ArrayList<>();
    if (peek().is(Kind.LEFT_BRACE)) {
      take();
      while (!peek().is(Kind.RIGHT_BRACE)) {
        Token label = take();
        boolean word = label.is(Kind.WORD) || (label.is(Kind.NUMBER) && isWord(label.text()));
        if ((!word && !label.is(Kind.STRING)) || (word && label.text().indexOf(':') >= 0)) {
          throw unexpected(label, "label matching", "identifier or \"}\"");
        }
        boolean alone = peek().is(Kind.COMMA) || peek().is(Kind.RIGHT_BRACE);
        if (label.is(Kind.STRING) && alone) {
          matchers.add(matcher(label, LabelMatcher.Op.EQUAL, Labels.NAME, label.text()));
        } else {
          matchers.add(matcher(label));
        }
        if (!peek().is(Kind.COMMA)) {
          break;
        }
        take();
      }
      expect(Kind.RIGHT_BRACE, "\",\" or \"}\"", "label matching");
    }
    Span span = first.span().to(previousEnd());
    if (!name.isEmpty()) {
      for (LabelMatcher matcher : matchers) {
        if (matcher.name().equals(Labels.NAME)) {
          throw error(
              first,
              "metric name must not be set twice: "
                  + Strings.quote(name)
                  + " or "
                  + Strings.quote(matcher.value()));
        }
      }
      matchers.add(matcher(first, LabelMatcher.Op.EQUAL, Labels.NAME, name));
    }
    if (matchers.stream().allMatch(m -> m.matches(""))) {
      throw PromqlException.parse(
          query, span.start(), "vector selector must contain at least one non-empty matcher");
    }
    return new Expr.VectorSelector(span, name, matchers, Expr.Shift.NONE, Expr.Edges.PLAIN);
  }

  private LabelMatcher matcher(Token label) {
    Token operator = take();
    LabelMatcher.Op found = null;
    for (LabelMatcher.Op op : LabelMatcher.Op.values()) {
      found = operator.isOperator(op.text()) ? op : found;
    }
    if (found == null) {
      throw unexpected(operator, "label matching", "label matching operator");
    }
    Token value = take();
    if (!value.is(Kind.STRING)) {
      throw unexpected(value, "label matching", "string");
    }
    return matcher(label, found, label.text(), value.text());
  }

  private LabelMatcher matcher(Token token, LabelMatcher.Op op, String name, String value) {
    if (!Strings.isUtf8(name)) {
      throw error(token, "invalid label name " + Strings.quote(name));
    }
    try {
      return new LabelMatcher(op, name, value);
    } catch (IllegalArgumentException e) {
      // "bad regular expression …", which people know by another name.
      String what = String.valueOf(e.getMessage()).replaceFirst("^bad regular expression ", "");
      throw error(token, "error parsing regexp: " + what);
    }
  }

  /** The brackets, {@code offset} and {@code @} that follow an expression. */
  private Expr postfix(Expr bare) {
    Expr expr = bare;
    while (true) {
      Token token = peek();
      if (token.is(Kind.LEFT_BRACKET)) {
        expr = brackets(expr);
      } else if (token.isWord("offset")) {
        take();
        expr = offset(expr, token);
      } else if (token.is(Kind.AT)) {
        take();
        expr = at(expr, token);
      } else if (token.isWord("anchored") || token.isWord("smoothed")) {
        take();
        expr = edged(expr, token);
      } else {
        return expr;
      }
    }
  }

  private Expr edged(Expr expr, Token word) {
    Expr.Edges edges = word.isWord("anchored") ? Expr.Edges.ANCHORED : Expr.Edges.SMOOTHED;
    String modifier = word.text().toLowerCase(Locale.ROOT) + " modifier";
    if (expr instanceof Expr.Subquery) {
      throw error(word, modifier + " is not supported for subqueries");
    }
    Expr.VectorSelector old =
        expr instanceof Expr.MatrixSelector matrix
            ? matrix.vector()
            : expr instanceof Expr.VectorSelector vector ? vector : null;
    if (old == null) {
      throw error(word, modifier + " must be preceded by a selector");
    }
    if (old.edges() != Expr.Edges.PLAIN && old.edges() != edges) {
      throw error(word, "anchored and smoothed modifiers cannot be used together");
    }
    Span span = expr.span().to(previousEnd());
    Expr.VectorSelector selector =
        new Expr.VectorSelector(
            expr == old ? span : old.span(), old.name(), old.matchers(), old.shift(), edges);
    return expr instanceof Expr.MatrixSelector matrix
        ? new Expr.MatrixSelector(span, selector, matrix.rangeMillis())
        : selector;
  }

  private Expr brackets(Expr expr) {
    Token open = take();
    long range = positiveDuration();
    if (peek().is(Kind.COLON)) {
      take();
      long step = peek().is(Kind.RIGHT_BRACKET) ? 0 : positiveDuration();
      Token close = expect(Kind.RIGHT_BRACKET, "\"]\"", "subquery selector");
      if (expr.type() != ValueType.VECTOR) {
        throw error(
            open,
            "subquery is only allowed on instant vector, got " + expr.type().text() + " instead");
      }
      Span span = expr.span().to(close.span().end());
      return new Expr.Subquery(span, expr, range, step, Expr.Shift.NONE);
    }
    Token close = expect(Kind.RIGHT_BRACKET, "\":\" or \"]\"", "range selector");
    if (!(expr instanceof Expr.VectorSelector vector)) {
      throw error(open, "ranges only allowed for vector selectors");
    }
    if (vector.shift().at() != null) {
      throw error(open, "no @ modifiers allowed before range");
    }
    if (vector.shift().offsetMillis() != 0) {
      throw error(open, "no offset modifiers allowed before range");
    }
    return new Expr.MatrixSelector(expr.span().to(close.span().end()), vector, range);
  }

  private long positiveDuration() {
    Token first = peek();
    long millis = signedDuration("subquery or range selector");
    if (millis <= 0) {
      throw error(first, "duration must be greater than 0");
    }
    refuseDurationExpression(peek());
    return millis;
  }

  private long signedDuration(String where) {
    boolean negative = false;
    while (peek().isOperator("-") || peek().isOperator("+")) {
      negative ^= take().isOperator("-");
    }
    refuseDurationExpression(peek());
    long size = durationMillis(take(), where);
    return negative ? -size : size;
  }

  private void refuseDurationExpression(Token token) {
    if (token.is(Kind.OPERATOR)
        || token.is(Kind.LEFT_PAREN)
        || (token.is(Kind.WORD) && peek(1).is(Kind.LEFT_PAREN))) {
      throw unsupported(token, "duration expression");
    }
  }

  private Expr offset(Expr expr, Token keyword) {
    long millis = signedDuration("offset");
    Expr.Shift old = shift(expr, keyword, "offset");
    if (old.offsetMillis() != 0) {
      throw error(keyword, "offset may not be set multiple times");
    }
    return shifted(expr, new Expr.Shift(old.at(), millis));
  }

  private Expr at(Expr expr, Token sign) {
    Expr.Shift old = shift(expr, sign, "@");
    if (old.at() != null) {
      throw error(sign, "@ <timestamp> may not be set multiple times");
    }
    Token token = take();
    Expr.At at;
    if (token.isWord("start") || token.isWord("end")) {
      expect(Kind.LEFT_PAREN, "\"(\"", "@");
      expect(Kind.RIGHT_PAREN, "\")\"", "@");
      at = new Expr.At(token.isWord("start") ? Expr.Anchor.START : Expr.Anchor.END, 0);
    } else {
      boolean negative = token.isOperator("-");
      if (negative || token.isOperator("+")) {
        token = take();
      }
      if (!token.is(Kind.NUMBER) && !token.is(Kind.DURATION)) {
        throw unexpected(token, "@", "timestamp, start() or end()");
      }
      double size = token.is(Kind.NUMBER) ? number(token) : durationMillis(token, "@") / 1000.0;
      double seconds = negative ? -size : size;
      if (!(Math.abs(seconds) < 9e15)) {
        throw error(token, "timestamp out of bounds for @ modifier: " + Numbers.format(seconds));
      }
      at = new Expr.At(Expr.Anchor.TIME, Math.round(seconds * 1000));
    }
    return shifted(expr, new Expr.Shift(at, old.offsetMillis()));
  }

  private Expr.Shift shift(Expr expr, Token token, String modifier) {
    if (expr instanceof Expr.VectorSelector vector) {
      return vector.shift();
    }
    if (expr instanceof Expr.MatrixSelector matrix) {
      return matrix.vector().shift();
    }
    if (expr instanceof Expr.Subquery subquery) {
      return subquery.shift();
    }
    throw error(
        token,
        modifier
            + " modifier must be preceded by an instant vector selector or range vector selector"
            + " or a subquery");
  }

  private Expr shifted(Expr expr, Expr.Shift shift) {
    Span span = expr.span().to(previousEnd());
    if (expr instanceof Expr.VectorSelector v) {
      return new Expr.VectorSelector(span, v.name(), v.matchers(), shift, v.edges());
    }
    if (expr instanceof Expr.MatrixSelector m) {
      Expr.VectorSelector v = m.vector();
      return new Expr.MatrixSelector(
          span,
          new Expr.VectorSelector(v.span(), v.name(), v.matchers(), shift, v.edges()),
          m.rangeMillis());
    }
    Expr.Subquery s = (Expr.Subquery) expr;
    return new Expr.Subquery(span, s.expr(), s.rangeMillis(), s.stepMillis(), shift);
  }

  // Tokens.

  private double number(Token token) {
    double value;
    try {
      value = Numbers.parse(token.text());
    } catch (NumberFormatException e) {
      throw error(token, "error parsing number: " + Strings.quote(token.text()));
    }
    if (Double.isInfinite(value) && !isWord(token.text())) {
      throw error(token, "error parsing number: " + token.text() + " is out of range");
    }
    return value;
  }

  private long durationMillis(Token token, String where) {
    double seconds;
    if (token.is(Kind.DURATION)) {
      try {
        seconds = Durations.parse(token.text()).toMillis() / 1000.0;
      } catch (IllegalArgumentException e) {
        throw error(token, "not a valid duration string: " + Strings.quote(token.text()) + HOW);
      }
    } else if (token.is(Kind.NUMBER)) {
      seconds = number(token);
    } else {
      throw unexpected(token, where, "number or duration");
    }
    if (!(Math.abs(seconds) < LONGEST_SECONDS)) {
      throw error(token, "duration out of range");
    }
    return Math.round(seconds * 1000);
  }

  private static boolean isWord(String number) {
    return Character.isLetter(number.charAt(0));
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token peek(int ahead) {
    return tokens.get(Math.min(at + ahead, tokens.size() - 1));
  }

  private Token take() {
    Token token = tokens.get(at);
    if (!token.is(Kind.END)) {
      at++;
    }
    return token;
  }

  private int previousEnd() {
    return tokens.get(at - 1).span().end();
  }

  private Token expect(Kind kind, String expected, String where) {
    Token token = take();
    if (!token.is(kind)) {
      throw unexpected(token, where, expected);
    }
    return token;
  }

  /** Says what stands there, in what, and what should; an unclosed bracket is said to be that. */
  private PromqlException unexpected(Token token, String where, String expected) {
    Token open = openBefore(token);
    if (token.is(Kind.RIGHT_PAREN) && open == null) {
      return error(token, "unexpected right parenthesis ')': none is open here");
    }
    if (token.is(Kind.END) && open != null) {
      String opened = ", opened at " + open.span();
      return switch (open.kind()) {
        case LEFT_PAREN -> error(token, "unclosed left parenthesis" + opened);
        case LEFT_BRACKET -> error(token, "unclosed left bracket" + opened);
        default ->
            error(
                token, "unexpected end of input inside braces" + opened + ", expected " + expected);
      };
    }
    return error(
        token,
        "unexpected "
            + token.described()
            + (where.isEmpty() ? "" : " in " + where)
            + ", expected "
            + expected);
  }

  /** The innermost bracket that is still open at a token; null where there is none. */
  private @Nullable Token openBefore(Token end) {
    Deque<Token> open = new ArrayDeque<>();
    for (Token token : tokens) {
      if (token == end) {
        break;
      }
      switch (token.kind()) {
        case LEFT_PAREN, LEFT_BRACE, LEFT_BRACKET -> open.push(token);
        case RIGHT_PAREN, RIGHT_BRACE, RIGHT_BRACKET -> open.poll();
        default -> {
          // opens and closes nothing
        }
      }
    }
    return open.peek();
  }

  /** Words that may name a metric or a label, but no function. */
  private static boolean isKeyword(String word) {
    return Token.KEYWORDS.contains(word);
  }

  private PromqlException error(Token token, String what) {
    return PromqlException.parse(query, token.span().start(), what);
  }

  private PromqlException unsupported(Token token, String construct) {
    return PromqlException.notSupported(query, token.span().start(), construct);
  }
}
