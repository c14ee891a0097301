/* sgp32lab show: a message of the last run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "command_record.h"

static void print_line(const struct record *all, const struct trace_message *m)
{
    printf("%5u %10.3f s  %-14s -> %-14s %-8s %s%s\n", m->number, (double)(m->at - all->message[0].at) / 1000.0,
           m->from, m->to, m->via, m->name, m->injected ? "  (injected)" : "");
}

static int print_all(const struct record *all)
{
    printf("run %s\n", all->name);
    for (size_t i = 0; i < all->count; i++)
        print_line(all, &all->message[i]);
    return 0;
}

static int print_message(const struct record *all, const struct trace_message *m)
{
    struct buf text = { .max = 64 << 20 };
    enum err e = trace_explain(m, &text);
    printf("run %s, message %u%s\n%s -> %s   %s   %s\n", all->name, m->number,
           m->injected ? ", changed by a fault" : "", m->from, m->to, m->name, m->via);
    printf("%.*s", (int)text.len, text.at ? (const char *)text.at : "");
    if (text.len && text.at[text.len - 1] != '\n')
        putchar('\n');
    buf_release(&text);
    return e ? command_refuse("show", "the message cannot be decoded: %s", err_name(e)) : 0;
}

static int print_number(const struct record *all, const char *word)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    if (*end || !number)
        return command_refuse("show", "'%s' is no number of a message", word);
    for (size_t i = 0; i < all->count; i++)
        if (all->message[i].number == number)
            return print_message(all, &all->message[i]);
    return command_refuse("show", "run %s has no message %lu; its last is %u", all->name, number,
                          all->count ? all->message[all->count - 1].number : 0);
}

int command_show(int argc, char **argv)
{
    const char *run = NULL, *wiring = NULL, *folder = "build/report";
    struct command_words words = { 0 };
    struct record all = { 0 };
    const struct command_option options[] = { { "--run", OPTION_TEXT, &run },
                                              { "--wiring", OPTION_TEXT, &wiring },
                                              { "--report", OPTION_TEXT, &folder } };
    int status = command_read(options, COUNT(options), argc, argv, &words);
    if (!status && words.count > 1)
        status = command_refuse("show", "one message at a time");
    if (status)
        return status;
    enum err e = record_open(folder, run, wiring, &all);
    if (e == ERR_NOT_FOUND)
        status = command_refuse("show", "no such run in %s (sgp32lab run leaves them there)", folder);
    else if (e)
        status = command_refuse("show", "the messages of %s in %s cannot be read: %s", all.name, folder, err_name(e));
    else
        status = words.count ? print_number(&all, words.at[0]) : print_all(&all);
    record_release(&all);
    return status;
}
