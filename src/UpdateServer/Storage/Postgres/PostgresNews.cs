using Dapper;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>How one server tells the others what to look at again. It is told when the transaction is committed, and not otherwise.</summary>
internal static class PostgresNews
{
    public const string Channel = "fota";

    /// <summary>Between topic and sender.</summary>
    public const char Separator = ' ';

    public static void Tell(this PostgresDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction, string topic) =>
        connection.Execute("SELECT pg_notify(@Channel, @news)", new { Channel, news = $"{topic}{Separator}{database.Sender}" }, transaction);
}
