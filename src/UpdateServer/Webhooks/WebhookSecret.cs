using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Posix;

namespace Fota.UpdateServer.Webhooks;

/// <summary>Signs messages after the Standard Webhooks convention: HMAC-SHA256 over id, moment and body, with a "." between them.</summary>
internal static class WebhookSecret
{
    private const string Prefix = "whsec_", Version = "v1,";
    private const int LeastBytes = 24, MostBytes = 64, MostSecrets = 2;

    /// <summary>The secrets of a file: one, or two while it changes.</summary>
    /// <exception cref="PrivateFileException">It is not kept like a secret, or holds none.</exception>
    public static IReadOnlyList<byte[]> Read(string file)
    {
        string[] lines = PrivateFile.Read(file, "webhook secret", Encoding.ASCII.GetString).Split('\n');
        byte[][] secrets = [.. lines.Select(static l => l.TrimEnd('\r')).Where(static l => l.StartsWith(Prefix, StringComparison.Ordinal) && Base64.IsValid(l.AsSpan(Prefix.Length))).Select(static l => Convert.FromBase64String(l[Prefix.Length..]))];
        return lines.Length <= MostSecrets && secrets.Length == lines.Length && Array.TrueForAll(secrets, static s => s.Length is >= LeastBytes and <= MostBytes)
            ? secrets
            : throw new PrivateFileException($"webhook secret {file}: wanted one line, or two, of {Prefix} and {LeastBytes} to {MostBytes} bytes in base64, got something else");
    }

    /// <summary>The value of webhook-signature: one signature by each secret, a space between them.</summary>
    public static string Sign(IEnumerable<byte[]> secrets, string id, long seconds, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{seconds}.")), .. body];
        return string.Join(' ', secrets.Select(secret => Version + Convert.ToBase64String(HMACSHA256.HashData(secret, signed))));
    }
}
