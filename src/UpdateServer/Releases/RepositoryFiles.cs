using Fota.UpdateServer.Deltas;

namespace Fota.UpdateServer.Releases;

/// <summary>Everything that the repository serves: what was published, and the delta packs that were made of it. Nobody vouches for the latter, and nobody has to.</summary>
internal sealed class RepositoryFiles(ReleaseCatalog published, DeltaCatalog deltas)
{
    /// <summary>The file at a path; null if there is none.</summary>
    public PublishedFile? Find(RepositoryPath path) =>
        published.Current.Files.GetValueOrDefault(path.Text) ?? (path.Kind == RepositoryFile.Pack ? deltas.FindPack(path.Digest!) : null);
}
