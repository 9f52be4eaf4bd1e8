using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using Fota.Manifest;

namespace Fota.Signer.Commands;

/// <summary>The options that several commands share. A value that cannot be understood is an error of usage, not of the command.</summary>
internal static class Arguments
{
    private delegate bool Parser<T>(string text, [NotNullWhen(true)] out T? value);

    public static Option<string> Home() => Required("--home", "DIR", "The signer's home, as `ceremony` made it.");

    public static Option<string?> PinFile() => new("--pin-file") { HelpName = "FILE", Description = "The PIN of the key's token, in a file of your own with mode 0600. Else the variable FOTA_PIN_<TOKEN> is asked." };

    public static Option<string> As(string label) => new("--as") { HelpName = "KEY", Description = $"The label of the key to sign with (default: {label}).", DefaultValueFactory = _ => label };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    public static Option<ProductName> Product() => Parsed<ProductName>("--product", "PRODUCT", "The product.", ProductName.TryParse, "a product name (a-z, 0-9 and '-')");

    public static Option<ReleaseVersion> Version() => Parsed<ReleaseVersion>("--version", "VERSION", "The release's version, for example 1.2.0.", ReleaseVersion.TryParse, "a version MAJOR.MINOR.PATCH");

    public static Option<Sha256Digest> ManifestDigest() => Parsed<Sha256Digest>("--manifest-digest", "DIGEST", "The manifest that you mean to approve, as its author told you.", Sha256Digest.TryParse, "64 lower-case hexadecimal digits");

    public static Option<VersionRange?> InstallableFrom() => Optional("--installable-from", "RANGE", "The installed versions from which the release may be installed, for example \">=1.0.0 <2.0.0\" (default: any).", VersionRange.Parse);

    public static Option<GateOverride?> GateOverride(string description) => Optional("--override-gates", "GATES", description, Fota.Manifest.GateOverride.Parse);

    public static Option<ReleaseText?> Description() => Optional("--description", "TEXT", "What the release is, for people.", static text => ReleaseText.Of(new Dictionary<string, string>(StringComparer.Ordinal) { ["en"] = text }));

    public static Option<Sha256Digest> ChangeDigest() => Parsed<Sha256Digest>("--change", "DIGEST", "The digest of the change that you mean, as whoever proposed it told you.", Sha256Digest.TryParse, "64 lower-case hexadecimal digits");

    public static Option<Sha256Digest> KeyId(string description) => Parsed<Sha256Digest>("--key-id", "ID", description, Sha256Digest.TryParse, "64 lower-case hexadecimal digits");

    /// <summary>The change that is to be signed; without it, it is shown.</summary>
    public static Option<Sha256Digest?> ChangeDigestToSign() => OptionalDigest("--change", "The digest of the change to be signed, as you saw it without this option.");

    /// <summary>The file of a ceremony, where the command can do without.</summary>
    public static Option<Sha256Digest?> CeremonyDigest() => OptionalDigest("--ceremony", "The SHA-256 of the ceremony's file, as its reviewers wrote it down: another file is refused.");

    private static Option<Sha256Digest?> OptionalDigest(string name, string description) => new(name)
    {
        HelpName = "DIGEST",
        Description = description,
        CustomParser = result =>
        {
            if (Sha256Digest.TryParse(result.Tokens[0].Value, out Sha256Digest? digest))
            {
                return digest;
            }

            result.AddError($"{name}: wanted 64 lower-case hexadecimal digits, got \"{result.Tokens[0].Value}\".");
            return null;
        },
    };

    /// <summary>An update server's address.</summary>
    public static Option<Uri?> Server(string description) => new("--server") { HelpName = "URL", Description = description, CustomParser = ParseAddress };

    public static Option<string?> ServerAuthority() => new("--server-ca") { HelpName = "PEM", Description = "The CAs of the server's certificate: one, or two while they change (default: the home's service CA)." };

    public static Option<int?> Days(string description)
    {
        Option<int?> days = new("--days") { HelpName = "N", Description = description };
        days.Validators.Add(static result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is < 1)
            {
                result.AddError("--days: wanted at least 1.");
            }
        });
        return days;
    }

    public static Option<int> Interval(int seconds)
    {
        Option<int> interval = new("--interval-seconds") { HelpName = "N", Description = $"Pause between two looks (default: {seconds}).", DefaultValueFactory = _ => seconds };
        interval.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--interval-seconds: wanted at least 1.");
            }
        });
        return interval;
    }

    /// <summary>A name as ceremonies give them: it becomes a file name and an environment variable.</summary>
    public static Option<string> Label(string name, string helpName, string description)
    {
        Option<string> option = Required(name, helpName, description);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(text.Length is >= 1 and <= 32 && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')))
            {
                result.AddError($"{name}: wanted 1 to 32 of a-z, 0-9 and '-', got \"{text}\".");
            }
        });
        return option;
    }

    public static Option<string> Required(string name, string helpName, string description) => new(name) { HelpName = helpName, Description = description, Required = true };

    private static Uri? ParseAddress(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? address))
        {
            return address;
        }

        result.AddError("--server: wanted an address like https://updates.example/.");
        return null;
    }

    private static Option<T?> Optional<T>(string name, string helpName, string description, Func<string, T> parse)
        where T : class => new(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = (ArgumentResult result) =>
            {
                try
                {
                    return parse(result.Tokens[0].Value);
                }
                catch (RejectedException e)
                {
                    result.AddError($"{name}: {e.Rejection.Detail}.");
                    return null;
                }
            },
        };

    private static Option<T> Parsed<T>(string name, string helpName, string description, Parser<T> parser, string wanted)
        where T : class => new(name)
        {
            HelpName = helpName,
            Description = description,
            Required = true,
            CustomParser = (ArgumentResult result) =>
            {
                if (parser(result.Tokens[0].Value, out T? value))
                {
                    return value;
                }

                result.AddError($"{name}: wanted {wanted}, got \"{result.Tokens[0].Value}\".");
                return null;
            },
        };
}
