using System.Diagnostics.CodeAnalysis;

namespace Fota.UpdateServer.Devices;

/// <summary>
/// A device's name, as its certificate's common name gives it: 1 to 64 of a-z, A-Z, 0-9 and "-._", beginning with a letter or a digit. So it can
/// stand in a deployment id, a log line and a URL as it is.
/// </summary>
internal sealed class DeviceId : IEquatable<DeviceId>
{
    private const int MaxLength = 64; // ub-common-name, RFC 5280 appendix A

    private readonly string _text;

    private DeviceId(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out DeviceId? device)
    {
        bool ok = text is { Length: >= 1 and <= MaxLength }
            && char.IsAsciiLetterOrDigit(text[0])
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
        device = ok ? new DeviceId(text!) : null;
        return ok;
    }

    /// <summary>For text that this server wrote itself.</summary>
    public static DeviceId Parse(string text) => TryParse(text, out DeviceId? device) ? device : throw new FormatException($"not a device id: {text}");

    public bool Equals(DeviceId? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as DeviceId);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;
}
