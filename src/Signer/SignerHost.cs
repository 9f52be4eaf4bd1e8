using Fota.Signer.Keys;

namespace Fota.Signer;

/// <summary>What the signer has of the world outside: clock, environment, terminal and PKCS#11 modules.</summary>
internal sealed class SignerHost
{
    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Reads an environment variable; null when it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Loads the PKCS#11 module at a path.</summary>
    public required Func<string, ITokenModule> LoadModule { get; init; }

    /// <summary>Where results go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where warnings and progress go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person watches <see cref="Error"/>.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>The real ones.</summary>
    public static SignerHost OfThisProcess() => new()
    {
        Clock = TimeProvider.System,
        Variable = Environment.GetEnvironmentVariable,
        LoadModule = Pkcs11Module.Load,
        Out = Console.Out,
        Error = Console.Error,
        IsInteractive = !Console.IsErrorRedirected,
    };
}
