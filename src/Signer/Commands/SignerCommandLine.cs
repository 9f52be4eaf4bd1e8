using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Fota.Manifest;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Commands;

/// <summary>The commands of fota-signer.</summary>
internal static class SignerCommandLine
{
    public static RootCommand Create(SignerHost host) => new("Signs releases and repository metadata with keys that never leave their tokens.")
    {
        CeremonyCommand.Create(host),
        ReleaseCommand.Create(host),
        ApprovalCommand.Create(host),
        RoleCommand.Create(host),
        KeyCommand.Create(host),
        OnlineCommand.Create(host),
        ServeCommand.Create(host),
        ServeCommand.CreateTlsRequest(),
        CertificateCommand.Create(host),
        JournalCommand.Create(host),
        LogCommand.Create(host),
    };

    /// <summary>Failures whose message is meant for people: one line, no trace.</summary>
    public static bool IsExpected(Exception e) => e is SignerRefusalException or RejectedException or CryptographicException or HttpRequestException or SqliteException or JsonException or DllNotFoundException;
}
