using System.Globalization;

namespace Fota.Manifest.Log;

/// <summary>Something that happened, to be entered into a log. Texts of people are cut to what an entry can hold; nothing else is lost of them.</summary>
public sealed class LogEvent
{
    /// <summary>Makes an event.</summary>
    /// <param name="kind">What happened: words of a-z, 0-9 and '_' with '.' between them.</param>
    /// <param name="actor">Who did it: the label of a key, the name of a person, a device, or the program.</param>
    /// <param name="subject">What it was done to, for example "infusion-pump 1.2.0".</param>
    /// <param name="facts">The rest; those without a value are left out.</param>
    public LogEvent(string kind, string actor, string subject, params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        Kind = kind;
        Actor = Cut(actor, LogEntry.NameLength);
        Subject = Cut(subject, LogEntry.NameLength);
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        foreach ((string name, object? value) in facts)
        {
            if (value is not null)
            {
                kept[name] = Cut(Convert.ToString(value, CultureInfo.InvariantCulture)!, LogEntry.FactLength);
            }
        }

        Facts = kept;
    }

    /// <summary>What happened.</summary>
    public string Kind { get; }

    /// <summary>Who did it.</summary>
    public string Actor { get; }

    /// <summary>What it was done to.</summary>
    public string Subject { get; }

    /// <summary>The rest, by name.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; }

    /// <summary>The entry of it.</summary>
    /// <param name="number">Its place in the log.</param>
    /// <param name="time">When it happened.</param>
    public LogEntry At(long number, DateTimeOffset time) => new() { Number = number, Time = time, Kind = Kind, Actor = Actor, Subject = Subject, Facts = Facts };

    // An entry must not fail for what somebody wrote: half a character, which JSON cannot hold, is replaced.
    private static string Cut(string text, int max)
    {
        ArgumentNullException.ThrowIfNull(text);
        string whole = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Length > max ? text[..max] : text));
        return whole.Length == 0 ? "-" : whole.Length > max ? whole[..max] : whole;
    }
}
