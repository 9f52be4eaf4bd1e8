using System.Text.Json;
using Fota.Shared;
using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>What of others' text reaches a terminal.</summary>
public sealed class PrintableTests
{
    [TestCase("\u001b[2J\u001b]0;owned\u0007", "?[2J?]0;owned?", TestName = "Escape_sequences_of_a_terminal_are_marked")]
    [TestCase("\u009b31m", "?31m", TestName = "Escape_sequences_of_eight_bits_are_marked")]
    [TestCase("a\u202eb\u2066c\u200b\ufeff", "a?b?c??", TestName = "Marks_that_turn_or_hide_text_are_marked")]
    [TestCase("a\r\nb\nc\u2028d\u0085e", "a b c d e", TestName = "A_line_stays_one_line")]
    [TestCase("Zürich  \u00b0C \ud83d\udc89", "Zürich  \u00b0C \ud83d\udc89", TestName = "What_people_write_stays_as_it_is")]
    public void Line_holds_nothing_that_a_terminal_obeys(string text, string printed) => Assert.That(Printable.Line(text), Is.EqualTo(printed));

    [Test]
    public void Halves_of_characters_are_marked() => Assert.That(Printable.Line("a\ud800b\udc00"), Is.EqualTo("a?b?"));

    [Test]
    public void Text_keeps_its_lines_and_nothing_else_that_a_terminal_obeys() =>
        Assert.That(Printable.Lines("stage one\r\n  \u001b[1Astage two\r\n\rthree\n"), Is.EqualTo("stage one\n  ?[1Astage two\n\nthree\n"));

    [Test]
    public void Json_of_others_says_what_it_said() =>
        Assert.That(Printable.Json("{\"why\":\"\u202e\u009bm \U000e0001\"}"), Is.EqualTo("{\"why\":\"\\u202e\\u009bm \\udb40\\udc01\"}"));

    [Test]
    public void Json_of_commands_keeps_its_lines_and_nothing_else_that_a_terminal_obeys()
    {
        JsonElement said = JsonSerializer.SerializeToElement(new { detail = "a\u202eb\u2066\u200b\u001b[2J\nZürich \U000e0001" });
        string printed = Output.Document(said.WriteTo);
        Assert.That(printed, Is.EqualTo("{\n  \"detail\": \"a\\u202eb\\u2066\\u200b\\u001B[2J\\nZürich \\uDB40\\uDC01\"\n}"));
        Assert.That(JsonElement.DeepEquals(JsonSerializer.Deserialize<JsonElement>(printed), said));
    }

    [Test]
    public async Task Failure_that_quotes_what_a_terminal_obeys_is_told_without_it()
    {
        ProgramRun run = await ProgramRun.OfAsync("Fota.Cli", "rollout", "create", "plan\u001b[2J\u202e.json");
        Assert.That((run.ExitCode, run.ErrorLines.Length), Is.EqualTo((1, 1)), run.Error);
        Assert.That(run.Error, Does.Contain("plan?[2J?.json").And.Not.Contain("\u001b"));
    }

    [Test]
    public async Task Argument_that_a_terminal_obeys_is_refused_without_it()
    {
        ProgramRun run = await ProgramRun.OfAsync("Fota.Cli", "no\u001b[2Jcommand");
        Assert.That((run.ExitCode, run.ErrorLines.Length), Is.EqualTo((2, 1)), run.Error);
        Assert.That(run.Error, Does.Contain("no?[2Jcommand").And.Not.Contain("\u001b"));
    }
}
