using Dapper;
using Fota.Manifest;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IOperatorStore"/>
internal sealed class PostgresOperatorStore(PostgresDatabase database) : IOperatorStore
{
    public IReadOnlyList<(string Name, Sha256Digest Digest)> Load() => database.Read(static (connection, transaction) => ((string, Sha256Digest)[])[.. connection
        .Query<TokenRow>("SELECT name, sha256 FROM operator_tokens", transaction: transaction).Select(static r => (r.Name, Sha256Digest.FromBytes(r.Sha256)))]);

    public void Add(string name, Sha256Digest digest, DateTimeOffset created) => database.Write((connection, transaction) => connection.Execute(
        "INSERT INTO operator_tokens (name, sha256, created) VALUES (@name, @sha256, @created)",
        new { name, sha256 = digest.Bytes.ToArray(), created = created.ToUnixTimeMilliseconds() },
        transaction));

    private sealed record TokenRow(string Name, byte[] Sha256);
}
