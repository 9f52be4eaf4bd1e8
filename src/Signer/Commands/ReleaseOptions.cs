using System.CommandLine;
using Fota.Manifest;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Commands;

/// <summary>The options of every command that acts on one release.</summary>
internal sealed class ReleaseOptions(string defaultKey)
{
    public Option<string> Home { get; } = Arguments.Home();

    public Option<ProductName> Product { get; } = Arguments.Product();

    public Option<ReleaseVersion> Version { get; } = Arguments.Version();

    private Option<string> As { get; } = Arguments.As(defaultKey);

    private Option<string?> PinFile { get; } = Arguments.PinFile();

    public void AddTo(Command command, params ReadOnlySpan<Option> further)
    {
        command.Add(Home);
        command.Add(Product);
        command.Add(Version);
        foreach (Option option in further)
        {
            command.Add(option);
        }

        command.Add(As);
        command.Add(PinFile);
    }

    public OpenedKey OpenKey(SignerHost host, HomeFolder folder, ParseResult arguments) => OpenedKey.Open(host, folder, arguments.GetRequiredValue(As), arguments.GetValue(PinFile));

    public ReleaseWorkshop Workshop(SignerHost host, SignerHome home, OpenedKey key, ParseResult arguments) => new(home, key, arguments.GetRequiredValue(Product), host.Clock.GetUtcNow());

    public string Name(ParseResult arguments) => $"{arguments.GetRequiredValue(Product)} {arguments.GetRequiredValue(Version)}";

    /// <summary>The part of the next command that is the same as in this one.</summary>
    public string Repeat(ParseResult arguments) => $"--home {arguments.GetRequiredValue(Home)} --product {arguments.GetRequiredValue(Product)} --version {arguments.GetRequiredValue(Version)}";
}
