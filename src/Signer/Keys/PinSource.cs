using System.Text;
using Fota.Interop.Cryptoki;

namespace Fota.Signer.Keys;

/// <summary>Where a PIN comes from: a private file or the environment, never an argument, which every user of the machine could read.</summary>
internal static class PinSource
{
    private const string Prefix = "FOTA_PIN_";

    /// <summary>The environment variable of a token, for example FOTA_PIN_ROOT_1 for "root-1".</summary>
    public static string VariableOf(string token) => Prefix + token.ToUpperInvariant().Replace('-', '_');

    /// <summary>The PIN of <paramref name="token"/>: from <paramref name="file"/> when one is named, else from the environment.</summary>
    public static Pin Read(string token, string? file, Func<string, string?> variable)
    {
        if (file is not null)
        {
            return Pin.FromFile(file);
        }

        string name = VariableOf(token);
        return variable(name) is { Length: > 0 } value
            ? Pin.FromUtf8(Encoding.UTF8.GetBytes(value))
            : throw new SignerRefusalException($"no PIN for token '{token}': give --pin-file FILE (mode 0600) or set {name}");
    }
}
