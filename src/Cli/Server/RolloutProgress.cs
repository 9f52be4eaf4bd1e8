using System.Globalization;
using System.Text;
using System.Text.Json;
using Fota.Shared;
using Spectre.Console;

namespace Fota.Cli.Server;

/// <summary>How far a rollout is, drawn: a bar for each stage, as lines of text or in colours.</summary>
internal static class RolloutProgress
{
    private const int Width = 40;

    /// <summary>Whether nothing will happen to it any more.</summary>
    public static bool IsOver(JsonElement rollout) => Text(rollout, "state") is "completed" or "aborted" or "cancelled";

    /// <summary>One line for the rollout and one for each stage, for terminals without colours and for logs.</summary>
    public static IEnumerable<string> Lines(JsonElement rollout) =>
        rollout.GetProperty("stages").EnumerateArray().Select(static s => $"  {Text(s, "name"),-16} {Bar(s, plain: true)} {Words(s)}").Prepend(Title(rollout));

    /// <summary>The same in colours.</summary>
    public static Table Draw(JsonElement rollout)
    {
        Table table = new() { Border = TableBorder.None, ShowHeaders = false, Title = new TableTitle(Markup.Escape(Title(rollout))) };
        table.AddColumns("", "", "");
        foreach (JsonElement stage in rollout.GetProperty("stages").EnumerateArray())
        {
            table.AddRow(Markup.Escape(Text(stage, "name")), Bar(stage, plain: false), Markup.Escape(Words(stage)));
        }

        return table;
    }

    private static string Title(JsonElement rollout)
    {
        string stage = Text(rollout, "stage"), reason = Text(rollout, "reason");
        return $"rollout {Text(rollout, "id")} of {Text(rollout, "product")} {Text(rollout, "version")}: {Text(rollout, "state")}"
            + (IsOver(rollout) || stage.Length == 0 ? "" : $" in {stage}")
            + (!IsOver(rollout) && rollout.GetProperty("good_since").TryGetDateTimeOffsetOrNull() is { } since ? string.Create(CultureInfo.InvariantCulture, $", good since {since.UtcDateTime:HH:mm:ss}Z") : "")
            + (reason.Length == 0 ? "" : $": {reason}");
    }

    private static string Words(JsonElement stage)
    {
        (int members, int succeeded, int flight, int failed) = Counts(stage);
        StringBuilder words = new(members == 0 ? "not begun" : $"{succeeded} of {members} done");
        foreach ((int count, string what) in ((int, string)[])[(flight, "at it"), (failed, "failed"), (stage.GetProperty("silent").GetInt32(), "silent"), (stage.GetProperty("deferred").GetInt32(), "deferred")])
        {
            words.Append(count == 0 ? "" : $", {count} {what}");
        }

        return words.ToString();
    }

    private static string Bar(JsonElement stage, bool plain)
    {
        (int members, int succeeded, int flight, int failed) = Counts(stage);
        int done = Share(succeeded, members), wrong = Share(failed, members), busy = Math.Min(Share(flight, members), Width - done - wrong), rest = Width - done - wrong - busy;
        return plain
            ? $"[{new string('#', done)}{new string('x', wrong)}{new string('>', busy)}{new string('.', rest)}]"
            : $"[green]{new string('█', done)}[/][red]{new string('█', wrong)}[/][yellow]{new string('▒', busy)}[/][grey]{new string('·', rest)}[/]";
    }

    // What is not nothing shows, and all of it is never more than the bar.
    private static int Share(int count, int members) => count == 0 ? 0 : Math.Clamp(count * Width / members, 1, Width);

    private static (int Members, int Succeeded, int InFlight, int Failed) Counts(JsonElement stage)
    {
        int succeeded = stage.GetProperty("confirmed").GetInt32() + stage.GetProperty("reported").GetInt32(), failed = stage.GetProperty("failed").GetInt32();
        return (stage.GetProperty("members").GetInt32(), succeeded, stage.GetProperty("granted").GetInt32() - succeeded - failed, failed);
    }

    private static string Text(JsonElement from, string member) => from.GetProperty(member) is { ValueKind: JsonValueKind.String } text ? Printable.Line(text.GetString()!) : "";

    private static DateTimeOffset? TryGetDateTimeOffsetOrNull(this JsonElement element) => element.ValueKind == JsonValueKind.String && element.TryGetDateTimeOffset(out DateTimeOffset moment) ? moment : null;
}
