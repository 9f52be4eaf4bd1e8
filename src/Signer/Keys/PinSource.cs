using System.Text;
using Fota.Interop.Cryptoki;

namespace Fota.Signer.Keys;

/// <summary>Where a PIN comes from: a private file or the environment, never an argument, which every user of the machine could read.</summary>
internal static class PinSource
{
    private const string Prefix = "FOTA_PIN_";

    /// <summary>The environment variable of a token, for example FOTA_PIN_ROOT_1 for "root-1".</summary>
    public static string VariableOf(string token) => Prefix + token.ToUpperInvariant().Replace('-', '_');

    /// <summary>Refuses a token whose variable is that of another one as well: who is given the PIN of one would reach both, and give one of them the other's.</summary>
    /// <param name="token">Its label.</param>
    /// <param name="tokens">The labels of the home's tokens; it may be among them.</param>
    /// <exception cref="SignerRefusalException">Their names differ in case, '-' and '_' alone.</exception>
    public static void DemandOwnVariable(string token, IEnumerable<string> tokens)
    {
        string name = VariableOf(token);
        if (tokens.FirstOrDefault(other => !string.Equals(other, token, StringComparison.Ordinal) && string.Equals(VariableOf(other), name, StringComparison.Ordinal)) is { } twin)
        {
            throw new SignerRefusalException($"token '{token}': wanted an environment variable of its own for its PIN, got {name}, which is that of token '{twin}' as well");
        }
    }

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
