-- Instances remember tokens and who may reach which account. Whoever changes what they remember, this program or
-- another one, has them told; they listen on a channel that is named like the schema. What is new nobody remembers.

CREATE FUNCTION tell_of_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(tg_table_schema || '/changes', 'token ' || encode(old.digest, 'hex'));
    RETURN NULL;
END $$;
CREATE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(tg_table_schema || '/changes', tg_argv[0]);
    RETURN NULL;
END $$;

-- That a token was used changes nothing that is remembered of it.
CREATE TRIGGER tokens_changed AFTER UPDATE ON tokens FOR EACH ROW
    WHEN (to_jsonb(old) - 'last_used_at' IS DISTINCT FROM to_jsonb(new) - 'last_used_at')
    EXECUTE FUNCTION tell_of_token();
-- One that has expired is refused by the clock.
CREATE TRIGGER tokens_deleted AFTER DELETE ON tokens FOR EACH ROW
    WHEN (old.expires_at > extract(epoch FROM now()))
    EXECUTE FUNCTION tell_of_token();
CREATE TRIGGER tokens_emptied AFTER TRUNCATE ON tokens EXECUTE FUNCTION tell_of_change('everything');

CREATE TRIGGER users_changed AFTER UPDATE OR DELETE OR TRUNCATE ON users EXECUTE FUNCTION tell_of_change('accounts');
CREATE TRIGGER accounts_changed AFTER UPDATE OR DELETE OR TRUNCATE ON accounts EXECUTE FUNCTION tell_of_change('accounts');
CREATE TRIGGER members_changed AFTER UPDATE OR DELETE OR TRUNCATE ON members EXECUTE FUNCTION tell_of_change('accounts');
CREATE TRIGGER account_features_changed AFTER UPDATE OR DELETE OR TRUNCATE ON account_features
    EXECUTE FUNCTION tell_of_change('accounts');
