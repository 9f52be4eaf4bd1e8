using System.Formats.Tar;
using Fota.Signer.Ceremony;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Service;

/// <summary>
/// What keyholders on other machines ask of the service while a ceremony is on its way: what it changes, its package, and a place to bring their signatures to. It is
/// begun, and put in force, by `fota-signer ceremony run` in the home; the service has none of the keys for it.
/// </summary>
internal sealed class CeremonyDesk(SignerHost host, HomeFolder folder)
{
    /// <summary>The ceremony that is on its way.</summary>
    public async Task<CeremonyView> ShowAsync(CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        return CeremonyView.Of(folder, Require(home));
    }

    /// <summary>Its package, as `ceremony export` writes it, in one tar file (POSIX.1-2001) that is gone when it is closed.</summary>
    public async Task<FileStream> PackageAsync(Person by, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Ceremony);
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("fota-ceremony-");
        try
        {
            string package = Path.Combine(temporary.FullName, "package");
            using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
            {
                new CeremonyPackage(package).Export(folder, Require(home));
            }

            FileStream archive = new(Path.Combine(temporary.FullName, "package.tar"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
            try
            {
                await TarFile.CreateFromDirectoryAsync(package, archive, includeBaseDirectory: false, cancellation);
                archive.Position = 0;
                return archive;
            }
            catch
            {
                await archive.DisposeAsync();
                throw;
            }
        }
        finally
        {
            // The file lives on without a name until it is closed.
            temporary.Delete(recursive: true);
        }
    }

    /// <summary>Adds the signatures of a keyholder; each is verified over what this home computes, before any is kept (H-13).</summary>
    public async Task<CeremonyView> TakeAsync(Person by, byte[] document, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Ceremony);
        CarriedSignatures carried = CarriedSignatures.Parse(document);
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        ChangeDraft draft = Require(home);
        _ = new SignatureIntake(home, draft, carried).Accept(by.Name);
        return CeremonyView.Of(folder, draft);
    }

    private ChangeDraft Require(SignerHome home) => ChangeDraft.Find(folder, home.Settings, host.Clock.GetUtcNow()) is { Change.Request.Ceremony: not null } draft
        ? draft
        : throw new ServiceRefusalException(ServiceRefusal.NotFound, "no ceremony is on its way");
}

/// <summary>A ceremony that is on its way, as it is shown.</summary>
/// <param name="Ceremony">SHA-256 of its file.</param>
/// <param name="Change">The digest of the change.</param>
/// <param name="Effects">What it changes, line by line.</param>
/// <param name="Wanted">Whose signatures are missing; empty when it can be put in force.</param>
internal sealed record CeremonyView(string Ceremony, string Change, IReadOnlyList<string> Effects, IReadOnlyList<string> Wanted)
{
    public static CeremonyView Of(HomeFolder folder, ChangeDraft draft) => new(
        draft.Change.Request.Ceremony!,
        draft.Proposal.Digest.ToString(),
        draft.Proposal.Effects,
        new ChangeParties(folder, draft).Missing());
}
